import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { toolboxError } from '../../errors.ts';
import { RowCollector } from '../row-collector.ts';
import type { QueryLimits, RowSet, SqlQuery } from '../source.ts';
import { rowMaker } from '../values.ts';
import { checkReadable, decoder } from './decode.ts';
import type { Driver } from './driver.ts';
import { bindAll } from './encode.ts';
import { refused } from './faults.ts';

/** Values are made into JSON for so long before others get a turn of the event loop. */
const LONGEST_TURN_MS = 10;

/**
 * Runs one statement on a connection that is new and will be closed: what it sets, temporary tables
 * included, ends with it. A read-only call runs in a read-only transaction, which DuckDB enforces.
 */
export async function runStatement(
  driver: Driver,
  connection: DuckDBConnection,
  { text, values, fixed = false }: SqlQuery,
  limits: Pick<QueryLimits, 'maxRows' | 'maxBytes' | 'readOnly' | 'signal'>,
): Promise<RowSet> {
  if (text.includes('\0')) throw refused('the statement has a NUL character in it');
  if (!fixed && /enable_logging/i.test(text)) throw refused(LOGGING);
  if (limits.readOnly) await connection.run('BEGIN TRANSACTION READ ONLY');
  try {
    const statement = await prepareOne(connection, text);
    checkKind(driver, statement, limits.readOnly);
    bindAll(driver, statement, values);
    limits.signal.throwIfAborted();
    // Only a query is streamed: a write must be whole before anybody looks at what it returned.
    const { SELECT, EXPLAIN } = driver.StatementType;
    const reads = statement.statementType === SELECT || statement.statementType === EXPLAIN;
    const result = reads ? await statement.stream() : await statement.run();
    const { QUERY_RESULT, CHANGED_ROWS } = driver.ResultReturnType;
    if (result.returnType === QUERY_RESULT) return await collect(driver, result, limits);
    return result.returnType === CHANGED_ROWS ? { rows: [], affected: result.rowsChanged } : { rows: [] };
  } finally {
    if (!fixed) await stopLogging(connection);
  }
}

const LOGGING = 'DuckDB’s log holds the statements of other callers, so that no statement may turn it on';

/**
 * The log is the one thing of the instance that a query can switch, `SELECT * FROM enable_logging()`,
 * and a text can be written so that its words do not show.
 */
async function stopLogging(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('CALL disable_logging()');
    await connection.run('CALL truncate_duckdb_logs()');
  } catch {
    // In a transaction that has failed nothing runs, and nothing was switched.
  }
}

async function prepareOne(connection: DuckDBConnection, text: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(text).catch((error: unknown) => {
    // What the driver has to say of a text without a statement.
    if ((error as Error).message === 'Error in native callback') throw refused('there is no statement in the text');
    throw error;
  });
  if (statements.count === 1) return statements.prepare(0);
  throw refused(
    /^\s*(?:from\b|pivot\b)/i.test(text)
      ? 'a PIVOT is two statements to DuckDB unless it lists its values; write `ON column IN (…)`'
      : 'the text is more than one statement; a call runs one',
  );
}

/**
 * DuckDB itself says what a statement is. Left out is what reaches beyond this file (ATTACH, LOAD,
 * EXPORT) and what is of no use where each call has its own connection (transactions, SET, PREPARE).
 */
function checkKind(
  { StatementType: Type }: Driver,
  { statementType }: DuckDBPreparedStatement,
  readOnly: boolean,
): void {
  // A file is no part of the transaction, so that a read-only one lets it be written.
  if (readOnly && statementType === Type.COPY) {
    throw toolboxError('READ_ONLY', '`COPY` writes a table or a file, and the call is read-only');
  }
  const allowed = [
    ...[Type.SELECT, Type.EXPLAIN, Type.CALL, Type.INSERT, Type.UPDATE, Type.DELETE, Type.MERGE_INTO],
    ...[Type.CREATE, Type.CREATE_FUNC, Type.ALTER, Type.DROP, Type.ANALYZE, Type.VACUUM],
    // To a file, which `externalAccess` decides.
    Type.COPY,
  ];
  if (allowed.includes(statementType)) return;
  throw refused(`\`${Type[statementType]}\` statements are refused: a call is one statement on one database`);
}

async function collect(
  driver: Driver,
  result: DuckDBResult,
  limits: Pick<QueryLimits, 'maxRows' | 'maxBytes' | 'signal'>,
): Promise<RowSet> {
  const names = result.columnNames();
  const types = result.columnTypes();
  for (const [index, type] of types.entries()) checkReadable(names[index] as string, type);
  const makeRow = rowMaker(names);
  const decode = decoder(driver);
  const collector = new RowCollector(limits);
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    let started = performance.now();
    for (let row = 0; row < chunk.rowCount && !collector.full; row++) {
      // By the types of the columns: those of the chunk do not know JSON from other text.
      const values = chunk.getRowValues(row).map((value, index) => decode(value, types[index] as DuckDBType));
      collector.add(makeRow(values));
      if (performance.now() - started < LONGEST_TURN_MS) continue;
      await nextTurn();
      limits.signal.throwIfAborted();
      started = performance.now();
    }
    if (collector.full) break;
  }
  return { rows: collector.rows, ...(collector.truncated ? { truncated: collector.truncated } : {}) };
}
