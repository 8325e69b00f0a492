/**
 * duckdb: a DuckDB file as a source, by the optional package `@duckdb/node-api`.
 *
 * DuckDB runs on its own threads and can be interrupted, so statements run in this process. The file is
 * open once, whichever sources want it (`database-file.ts`); each statement has a connection to itself
 * (`source.ts`, `statement.ts`), a read-only one inside a read-only transaction; settings are fixed and
 * files and network out of reach when the file is opened (`config.ts`).
 */
import { executeSqlTool, sqlTool } from '../../tools/sql.ts';
import { reportTool } from '../report-tool.ts';
import type { SourceType } from '../source.ts';
import { duckdbSchema, type DuckdbConfig } from './config.ts';
import { DuckdbSource } from './source.ts';
import { describeTable, listTables } from './tables.ts';

export const duckdbSourceType: SourceType<DuckdbConfig> = {
  type: 'duckdb',
  summary: 'A DuckDB database: a file, or in memory.',
  schema: duckdbSchema,
  toolTypes: [
    sqlTool('duckdb-sql'),
    executeSqlTool('duckdb-execute-sql'),
    reportTool(listTables),
    reportTool(describeTable),
  ],
  open: (config, context) => new DuckdbSource(config, context),
};
