import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Check } from '../check.ts';
import { countNamespaceKeys } from '../store/counts.ts';

/** A copy of the data directory should not be all that is needed to read it. */
export const encryption: Check = {
  id: 'encryption',
  looksAt: 'encryption at rest: whether the wrapping key lies beside what it encrypts',
  async run({ settings, dataDirectory, database }) {
    const wrapper = settings.vault.keyWrapper;
    if (settings.database.type !== 'sqlite' || database === undefined || wrapper.type !== 'file') return [];
    const key = wrapper.file ?? join(dataDirectory, 'vault.key');
    if (relative(dataDirectory, key).startsWith('..') || !existsSync(key)) return [];
    if ((await countNamespaceKeys(database.db)) === 0) return [];
    return [
      {
        severity: 'warning',
        what: `\`${key}\` lies beside the database that it encrypts: who copies the directory has both`,
        remedy: 'Keep it in another place or in a key service (docs/vault.md), and rewrap.',
      },
    ];
  },
};
