import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkLastCheckpoint } from '#audit';
import type { Check } from '../check.ts';

/** Whether the log is what its last checkpoint says. All of it: `chatelaine audit verify`. */
export const audit: Check = {
  id: 'audit',
  looksAt: 'the audit log: whether there is one, and whether its last checkpoint holds',
  async run({ dataDirectory, now }) {
    const root = join(dataDirectory, 'audit');
    if (!existsSync(join(root, 'installation'))) {
      return [
        {
          severity: 'warning',
          what: `there is no audit log in \`${root}\``,
          remedy: 'Serve with this data directory; the log begins with the server.',
        },
      ];
    }
    const wrong = await checkLastCheckpoint(root, { now: () => now });
    if (wrong === undefined) return [];
    return [
      { severity: 'error', what: wrong, remedy: 'Run `chatelaine audit verify`; it names the first bad record.' },
    ];
  },
};
