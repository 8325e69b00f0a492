import { mysqlDialect } from '../../../sources/mysql/dialect.ts';
import { postgresDialect } from '../../../sources/postgres/dialect.ts';
import { sqliteDialect } from '../../../sources/sqlite/dialect.ts';
import type { SqlDialect } from '../../../sources/source.ts';

/** Every dialect that a statement can be compiled for. */
export const dialects: Readonly<Record<SqlDialect['name'], SqlDialect>> = {
  postgres: postgresDialect,
  mysql: mysqlDialect,
  sqlite: sqliteDialect,
  duckdb: {
    name: 'duckdb',
    identifierQuotes: [['"', '"']],
    quoteIdentifier: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
  },
};
