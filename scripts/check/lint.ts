import { failed, passed, type Check } from './check.ts';
import { FOREIGN_FOLDERS, hasForeignClients } from './foreign-clients.ts';
import { linesOf, runProgram } from './run-program.ts';

const STRICT = ['--type-aware', '--deny-warnings', '--report-unused-disable-directives', '--format=unix'];

export const lint: Check = {
  name: 'lint',
  proves: 'oxlint finds nothing, its type-aware promise rules included',
  async run(root) {
    // Where types are unknown, rules about types find nonsense.
    const without = hasForeignClients(root) ? [] : FOREIGN_FOLDERS.map((folder) => `--ignore-pattern=${folder}`);
    const result = await runProgram('oxlint', [...STRICT, ...without], root);
    if (result.status === 0) return passed('nothing found');
    return failed('oxlint has findings', linesOf(result.output));
  },
};
