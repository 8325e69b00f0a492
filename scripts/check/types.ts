import { counted, failed, passed, type Check } from './check.ts';
import { FOREIGN_CLIENTS, hasForeignClients } from './foreign-clients.ts';
import { linesOf, runProgram } from './run-program.ts';

/** Everything for the editor, and `src` alone with the rules of the published build. */
const PROJECTS = ['tsconfig.json', 'tsconfig.build.json'];

export const types: Check = {
  name: 'types',
  proves: 'TypeScript accepts the sources, tests and scripts, and the published build',
  async run(root) {
    const clients = hasForeignClients(root);
    const projects = clients ? [...PROJECTS, `${FOREIGN_CLIENTS}/tsconfig.json`] : PROJECTS;
    const findings = new Set<string>();
    for (const project of projects) {
      const result = await runProgram('tsc', ['--project', project, '--noEmit'], root);
      if (result.status !== 0) for (const line of linesOf(result.output)) findings.add(line);
    }
    if (findings.size > 0) return failed('tsc has findings', [...findings]);
    return passed(`${counted(projects.length, 'project')}${clients ? '' : `; ${FOREIGN_CLIENTS} is not installed`}`);
  },
};
