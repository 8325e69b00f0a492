/**
 * sqlite: a SQLite file as a source, by the SQLite that is in Node.
 *
 * The driver is synchronous and cannot be interrupted, so the whole folder is about where a statement
 * runs (`source.ts`): in one of a few child processes that may be killed at any moment
 * (`child-pool.ts`, `child.ts`, `child-session.ts`), or, when the program that SQLite compiled it to
 * proves that it is cheap (`bounded-program.ts`), on the event loop (`inline-reader.ts`).
 *
 * What no statement may do is in `guard.ts`; read-only calls have a connection that cannot write.
 */
import { executeSqlTool, sqlTool } from '../../tools/sql.ts';
import { reportTool } from '../report-tool.ts';
import type { SourceType } from '../source.ts';
import { sqliteSchema, type SqliteConfig } from './config.ts';
import { SqliteSource } from './source.ts';
import { describeTable, listTables } from './tables.ts';

export const sqliteSourceType: SourceType<SqliteConfig> = {
  type: 'sqlite',
  summary: 'A SQLite database: a file, or in memory.',
  schema: sqliteSchema,
  toolTypes: [
    sqlTool('sqlite-sql'),
    executeSqlTool('sqlite-execute-sql'),
    reportTool(listTables),
    reportTool(describeTable),
  ],
  open: (config, context) => new SqliteSource(config, context),
};
