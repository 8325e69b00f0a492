/**
 * db: Chatelaine's own state, in one SQLite file of the data directory.
 *
 * Owns the connection (`sqlite/`), the types of every table (`schema.ts`), the one ordered stream of
 * migrations (`migrations/`), the modes of directory and file, and the news that another process has
 * changed something (`dataVersion`).
 * Does not own queries: they stand in `<module>/store/`, in SQL that SQLite and PostgreSQL both take.
 * Heavy (Kysely): import it where a database is opened, not where a command line is parsed.
 */
export { openDatabase, type Database, type DatabaseOrTransaction, type OpenDatabaseOptions } from './database.ts';
export { stateFile } from './data-directory.ts';
export type { AgentsTable, ApiKeysTable, Schema } from './schema.ts';
