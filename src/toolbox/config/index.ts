/**
 * toolbox/config: from files to a `Configuration`, or to every problem of every file at once.
 *
 *   read → parse → flatten → read documents → cross-check
 *
 * `read.ts` and `watch.ts` touch the disk. `parse.ts` makes plain data of YAML and fills `${…}`
 * (`placeholders.ts`, `substitute.ts`, `yaml-limits.ts`, `yaml-value.ts`); `nested.ts` flattens the older
 * form; `read-document.ts` applies the schemas of `contract/config/` and of the source and tool types
 * (`apply-schema.ts`, `schema-issues.ts`); `cross-check.ts` follows names,
 * `vault-references.ts` finds the secrets of the vault. `load.ts` is all of it in order.
 * `block-document.ts` reads simple documents without the YAML library. `migrate.ts` rewrites the older form.
 * Places are kept beside the data (`origins.ts`), so that later faults still name line and column.
 *
 * Does not own: the schemas, what a configuration becomes (`../toolbox.ts`), the options of commands (cli).
 */
export { loadConfiguration, type Loaded, type LoadOptions } from './load.ts';
export type { ReadTool, ToolDocument } from './registered-tool.ts';
export type { ConfigurationInput } from './parse.ts';
export type { Environment } from './substitute.ts';
export type { Catalog } from './type-names.ts';
export { fingerprint, locationOf, readInputs, type ConfigurationLocation, type LocationOptions } from './read.ts';
export type { NamedSecret } from './vault-references.ts';
export { migrateInput } from './migrate.ts';
export { sendingWithoutSignIn } from './outgoing-check.ts';
export { watchConfiguration, type ConfigurationWatch, type WatchOptions } from './watch.ts';
export { formatProblem, problemAt, PROBLEM_CODES, sortProblems, type Problem, type ProblemCode } from './problems.ts';
