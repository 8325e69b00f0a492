/**
 * cli: the operator's hands.
 *
 * Owns the program (`program.ts`), how a run ends (`run.ts`: exit codes, errors on stderr), and the
 * commands: a folder per noun, a file per verb. Most of them speak to the API (`api/`), of a server or of a
 * data directory, also while servers run on it; `ca/` works on a folder of its own.
 * Does not own commands that need the whole server wired (`serve`, `invoke`): `main` hands them to
 * `runProgram` as `InstallCommands`.
 *
 * Everything an action needs is imported inside the action: the program is built at every start, and
 * a start should cost what it uses.
 */
export { buildProgram } from './program.ts';
export { runProgram } from './run.ts';
export { EXIT, QuietEnd, type CliContext, type InstallCommands, type OpenApi, type TextSink } from './context.ts';
export { dataDirectoryOption, readServerSettings, type DataDirectoryOptions } from './data-directory.ts';
export { cliError } from './errors.ts';
