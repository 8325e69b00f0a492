import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Check, Weakness } from '../check.ts';

const ANYBODY_ELSE = 0o077;

/** Keys and state that other users of the machine can read or replace. */
export const files: Check = {
  id: 'files',
  looksAt: 'isolation: modes of the data directory and of what lies in it',
  run({ dataDirectory }) {
    if (process.platform === 'win32' || statSync(dataDirectory, { throwIfNoEntry: false }) === undefined) return [];
    return ['', ...readdirSync(dataDirectory)].flatMap((name): readonly Weakness[] => {
      const path = join(dataDirectory, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined || (found.mode & ANYBODY_ELSE) === 0) return [];
      const mode = (found.mode & 0o777).toString(8);
      const remedy = `chmod ${found.isDirectory() ? '700' : '600'} ${path}`;
      return [{ severity: 'error', what: `others may use \`${path}\` (mode ${mode})`, remedy }];
    });
  },
};
