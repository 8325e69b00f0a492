import type { ClientDirectory } from './client-directory.ts';

/** Where clients are looked up, whichever way they became known. */
export type ClientSource = Pick<ClientDirectory, 'find' | 'findClient' | 'refusalOf' | 'used'>;
