import { countWrapperUses } from '#vault';
import type { Check } from '../check.ts';

/** As long as a key of before opens something, whoever has it reads that. */
export const rewrap: Check = {
  id: 'rewrap',
  looksAt: 'wrapping keys of before that still hold data keys',
  async run({ database, settings: { vault } }) {
    if (database === undefined || vault.previousKeyWrappers.length === 0) return [];
    const wrappers = new Set((await countWrapperUses(database.db)).map(({ wrapper }) => wrapper));
    if (wrappers.size < 2) return [];
    return [
      {
        severity: 'warning',
        what: `data keys are wrapped by ${wrappers.size} wrapping keys: the change of the key was not finished`,
        remedy: 'Run `chatelaine secret rewrap`, and take `vault.previousKeyWrappers` away.',
      },
    ];
  },
};
