import { existsSync } from 'node:fs';
import type { ServerSettings } from '#contract';
import { keyringFile } from '#db';
import { countMissingSubjectKeys } from '#vault';
import type { Check } from '../check.ts';

/** Keys of subjects that are neither there nor destroyed: a keyring that was not put back. */
export const keyring: Check = {
  id: 'keyring',
  looksAt: 'the keyring of data subjects: whether it has every key that was not destroyed',
  async run({ settings, dataDirectory, database }) {
    if (database === undefined) return [];
    const missing = await countMissingSubjectKeys(database.db);
    const file = settings.database.type === 'sqlite' ? keyringOf(settings.database, dataDirectory) : undefined;
    if (missing === 0 && file !== undefined && !existsSync(file)) {
      return [
        {
          severity: 'error',
          what: `there is no keyring at \`${file}\`, and a database that had one`,
          remedy: 'Put it back before a server starts, which makes an empty one (docs/backup.md); no backup holds it.',
        },
      ];
    }
    if (missing === 0) return [];
    return [
      {
        severity: 'error',
        what: `the keyring lacks ${missing} keys of subjects that were not erased; their data cannot be read`,
        remedy: 'Put the keyring back from where you keep it (docs/backup.md); no backup holds it.',
      },
    ];
  },
};

const keyringOf = (
  { keyring }: Extract<ServerSettings['database'], { type: 'sqlite' }>,
  dataDirectory: string,
): string => keyring ?? keyringFile(dataDirectory);
