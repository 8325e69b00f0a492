import { failed, passed, type Check } from './check.ts';
import { linesOf, runProgram } from './run-program.ts';

export const formatting: Check = {
  name: 'formatting',
  proves: 'every source file is as `oxfmt` writes it',
  async run(root) {
    const result = await runProgram('oxfmt', ['--check', '.'], root);
    const lines = linesOf(result.output);
    if (result.status === 0) return passed(lines.at(-1) ?? 'nothing to format');
    return failed('not formatted: run `npm run format`', lines);
  },
};
