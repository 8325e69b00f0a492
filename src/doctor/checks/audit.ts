import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkLastCheckpoint } from '#audit';
import type { Database } from '#db';
import type { Check } from '../check.ts';
import { hasAuditLog } from '../store/counts.ts';

/** Whether the log is what its last checkpoint says. All of it: `chatelaine audit verify`. */
export const audit: Check = {
  id: 'audit',
  looksAt: 'the audit log: whether there is one, and whether its last checkpoint holds',
  async run({ dataDirectory, settings, database, now }) {
    const inDatabase = settings.database.type === 'postgres';
    if (inDatabase && database === undefined) return [];
    const root = join(dataDirectory, 'audit');
    const isThere = inDatabase ? await hasAuditLog((database as Database).db) : existsSync(join(root, 'installation'));
    if (!isThere) {
      return [
        {
          severity: 'warning',
          what: `there is no audit log in ${inDatabase ? 'the database' : `\`${root}\``}`,
          remedy: 'Serve with this data directory; the log begins with the server.',
        },
      ];
    }
    // In the database a look at the end of it takes the keys; `chatelaine audit verify` has them.
    if (inDatabase) return [];
    const wrong = await checkLastCheckpoint(root, { now: () => now });
    if (wrong === undefined) return [];
    return [
      { severity: 'error', what: wrong, remedy: 'Run `chatelaine audit verify`; it names the first bad record.' },
    ];
  },
};
