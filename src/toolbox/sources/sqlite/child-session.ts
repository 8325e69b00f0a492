import { DatabaseSync } from 'node:sqlite';
import { collectRows, VALUE_OPTIONS, rowShape } from './answer.ts';
import { isBounded, type Instruction } from './bounded-program.ts';
import { Guard } from './guard.ts';
import { bindings, readPlaceholders, type Placeholders } from './placeholders.ts';
import type { Answer, ChildReply, ChildRequest, DatabaseLocation, Failure, Verdict } from './protocol.ts';
import { prepareOne } from './single-statement.ts';
import { StatementRefused } from './statement-refused.ts';

/** No value is longer, none may become so while a statement runs: `zeroblob(1e9)` is refused. */
const LONGEST_VALUE = 64 * 1024 * 1024;

interface Connection {
  readonly database: DatabaseSync;
  readonly guard: Guard;
}

/** One child's side of a source: its connections, and statements run on them one after another. */
export class ChildSession {
  readonly #location: DatabaseLocation;
  #writing: Connection | undefined;
  #reading: Connection | undefined;

  constructor(location: DatabaseLocation) {
    this.#location = location;
  }

  /** What goes wrong with a statement is in the reply; `judged` is called before it runs. */
  run(request: ChildRequest, judged: (verdict: Verdict) => void): ChildReply {
    const readOnly = request.readOnly || this.#location.readOnly;
    let connection: Connection;
    try {
      connection = this.#connect(readOnly);
    } catch (error) {
      return { ok: false, reason: 'unreachable', message: (error as Error).message };
    }
    const inMemory = this.#location.path === ':memory:';
    try {
      // An in-memory database has one connection, so that read-only is a state of it and not its nature.
      if (inMemory && readOnly) setQueryOnly(connection, true);
      return answer(connection, request, readOnly, judged);
    } catch (error) {
      return failure(error, connection.guard);
    } finally {
      if (inMemory && readOnly) setQueryOnly(connection, false);
    }
  }

  /** Read-only calls have a connection that cannot write: nothing a text says opens it again. */
  #connect(readOnly: boolean): Connection {
    if (!readOnly || this.#location.path === ':memory:') return (this.#writing ??= open(this.#location, false));
    return (this.#reading ??= open(this.#location, true));
  }
}

function open({ path, busyTimeoutMs }: DatabaseLocation, readOnly: boolean): Connection {
  const database = new DatabaseSync(path, {
    ...VALUE_OPTIONS,
    readOnly,
    timeout: busyTimeoutMs,
    allowExtension: false,
    // No writable_schema and no writes to shadow tables: a statement cannot corrupt the file.
    defensive: true,
    enableDoubleQuotedStringLiterals: false,
    enableForeignKeyConstraints: true,
    limits: { attach: 0, length: LONGEST_VALUE },
  });
  return { database, guard: new Guard(database) };
}

function setQueryOnly({ database, guard }: Connection, on: boolean): void {
  guard.pause(() => database.exec(`PRAGMA query_only = ${on ? 1 : 0}`));
}

function answer(
  { database, guard }: Connection,
  request: ChildRequest,
  readOnly: boolean,
  judged: (verdict: Verdict) => void,
): Answer {
  guard.begin(readOnly);
  const placeholders = readPlaceholders(request.text);
  const statement = prepareOne(database, request.text);
  checkCount(placeholders, request.values.length);
  const verdict = request.judge ? guard.pause(() => judge(database, request.text)) : undefined;
  if (verdict) judged(verdict);
  if (statement.columns().length === 0) {
    const { changes } = statement.run(...bindings(placeholders, request.values));
    return { ok: true, rows: '[]', affected: guard.changesRows ? Number(changes) : undefined };
  }
  const found = statement.iterate(...bindings(placeholders, request.values));
  const { rows, truncated } = collectRows(found, () => rowShape(statement), request);
  return { ok: true, rows: JSON.stringify(rows), truncated };
}

/** Whether the statement, as it compiles under the present schema, may run on the event loop. */
function judge(database: DatabaseSync, text: string): Verdict | undefined {
  // One snapshot for all three, and the first makes sure that what SQLite remembers of the schema is
  // what the file has: EXPLAIN alone would compile against a schema that another process has changed.
  try {
    database.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
    const [schemaVersion] = database.prepare('PRAGMA schema_version').get() as unknown as [bigint];
    return isBounded(readProgram(database, text)) ? { bounded: true, schemaVersion } : { bounded: false };
  } catch {
    // The file is locked, perhaps; the next run asks again.
    return undefined;
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

function readProgram(database: DatabaseSync, text: string): Instruction[] {
  try {
    const explain = database.prepare(`EXPLAIN ${text}`);
    explain.setReadBigInts(false);
    explain.setReturnArrays(false);
    return explain.all() as unknown as Instruction[];
  } catch {
    // An EXPLAIN of the author's own cannot be explained again.
    return [];
  }
}

function checkCount({ count }: Placeholders, given: number): void {
  if (count === given) return;
  throw new StatementRefused(`the statement has placeholders for ${count} values, and ${given} were given`);
}

/** Primary result codes (https://sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

function failure(error: unknown, { refusal }: Guard): Failure {
  const { message, errcode } = error as Error & { readonly errcode?: number };
  if (refusal) return { ok: false, reason: refusal.readOnly ? 'read-only' : 'failed', message: refusal.message };
  if (error instanceof StatementRefused) return { ok: false, reason: 'failed', message };
  // Not SQLite's: a mistake of ours, which must not pass for the statement's.
  if (errcode === undefined) throw error;
  const code = errcode & 0xff;
  if (code === SQLITE_BUSY) {
    return { ok: false, reason: 'failed', message: `${message}: another write took longer than \`busyTimeout\`` };
  }
  if (code === SQLITE_READONLY) return { ok: false, reason: 'read-only', message };
  // The file is opened at the first statement, not before.
  if (code === SQLITE_CANTOPEN || code === SQLITE_NOTADB) return { ok: false, reason: 'unreachable', message };
  return { ok: false, reason: 'failed', message };
}
