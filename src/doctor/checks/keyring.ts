import { countMissingSubjectKeys } from '#vault';
import type { Check } from '../check.ts';

/** Keys of subjects that are neither there nor destroyed: a keyring that was not put back. */
export const keyring: Check = {
  id: 'keyring',
  looksAt: 'the keyring of data subjects: whether it has every key that was not destroyed',
  async run({ database }) {
    const missing = database === undefined ? 0 : await countMissingSubjectKeys(database.db);
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
