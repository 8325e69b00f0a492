/**
 * main/configuration: from the options of a command to a toolbox that runs, and to its next version.
 *
 * `named-documents.ts` reads what the options name, `policy-judge.ts` judges policies and limits by the tools that were
 * built of it, `registered-documents.ts` joins what publishers register, `follow-files.ts` puts changes to use, and
 * `declared-now.ts` keeps what is declared for others than the toolbox. `told-problems.ts` has what is told of problems,
 * and `open-configured.ts` puts it together.
 */
export { openConfigured } from './open-configured.ts';
export type { Configured } from './configured.ts';
