/**
 * cli/config: what stands behind `chatelaine config …`, as functions of typed options.
 *
 * `check.ts` says what a server would say about files; `migrate.ts` rewrites the older form.
 */
export { checkConfiguration, type CheckContext, type CheckOptions, type Findings } from './check.ts';
export { migrateConfiguration, type MigrateOptions } from './migrate.ts';
