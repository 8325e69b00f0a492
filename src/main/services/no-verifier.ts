import { err } from '#kernel';

/** Where credentials are taken back and none is looked at. */
export const NO_VERIFIER = { judge: () => err({ reason: 'unknown' } as const) };
