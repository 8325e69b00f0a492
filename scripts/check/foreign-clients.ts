import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The programs that call us through other people's clients; those are installed on demand, beside them. */
export const FOREIGN_CLIENTS = 'conformance/clients';

/** Whatever needs packages that are installed on demand: those, and other people's servers behind us. */
export const FOREIGN_FOLDERS = [FOREIGN_CLIENTS, 'conformance/servers'] as const;

/** Whether their packages are here, so that their types are known. */
export const hasForeignClients = (root: string): boolean =>
  existsSync(join(root, FOREIGN_CLIENTS)) && existsSync(join(root, 'conformance', 'node_modules'));
