import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { BoundedCache } from '#kernel';
import type { QueryLimits, RowSet, SqlQuery } from '../source.ts';
import { collectRows, VALUE_OPTIONS, rowShape, type RowShape } from './answer.ts';
import { bindings, readPlaceholders, type Placeholders } from './placeholders.ts';

const STATEMENTS_KEPT = 256;
/** A longer value is the pool's to read; here it would be a pause for everybody. */
const LONGEST_VALUE = 256 * 1024;
/** A bounded statement that takes longer met what its program cannot show: a cold disk, overflow pages. */
const SLOW_MS = 20;
/** So often among `SLOW_WINDOW` runs, and it is no accident of the scheduler's. */
const SLOW_LIMIT = 3;
const SLOW_WINDOW = 1000;

interface KeptQuery {
  readonly statement: StatementSync;
  readonly placeholders: Placeholders;
  shape: RowShape | undefined;
  runs: number;
  slow: number;
}

/** What an attempt on the event loop came to: rows, or why the pool must run the statement. */
export type Attempt = RowSet | 'schema changed' | 'too slow' | 'failed';

/**
 * Bounded statements on the event loop, where one costs microseconds and a way to another process and
 * back would cost many more. The connection only reads, never waits for a lock, and refuses long values.
 *
 * Whatever does not go smoothly is left to the pool: it runs the statement anew and says what is
 * wrong, so there is one place that reports failures.
 */
export class InlineReader {
  readonly #path: string;
  readonly #kept = new BoundedCache<string, KeptQuery>(STATEMENTS_KEPT);
  #connection: Connection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Runs a statement that is bounded under the given version of the schema. */
  read(query: SqlQuery, limits: Pick<QueryLimits, 'maxRows' | 'maxBytes'>, schemaVersion: bigint): Attempt {
    const started = performance.now();
    let connection: Connection;
    try {
      connection = this.#connection ??= open(this.#path);
      connection.begin.run();
    } catch {
      return 'failed';
    }
    // From here on the snapshot stands: the version that is read is the one that the statement meets,
    // even if another process changes the schema between the two.
    try {
      if (versionOf(connection) !== schemaVersion) {
        this.#kept.clear();
        return 'schema changed';
      }
      const kept = this.#kept.get(query.text) ?? this.#prepare(connection.database, query.text);
      if (kept.placeholders.count !== query.values.length) return 'failed';
      const found = kept.statement.all(...bindings(kept.placeholders, query.values));
      const { rows, truncated } = collectRows(found, () => (kept.shape ??= rowShape(kept.statement)), limits);
      if (isTooSlow(kept, performance.now() - started)) return 'too slow';
      return truncated ? { rows, truncated } : { rows };
    } catch {
      return 'failed';
    } finally {
      connection.commit.run();
    }
  }

  /** Lets go of the file; the next read opens it anew. */
  close(): void {
    this.#kept.clear();
    this.#connection?.database.close();
    this.#connection = undefined;
  }

  #prepare(database: DatabaseSync, text: string): KeptQuery {
    const statement = database.prepare(text);
    const kept = { statement, placeholders: readPlaceholders(text), shape: undefined, runs: 0, slow: 0 };
    this.#kept.set(text, kept);
    return kept;
  }
}

interface Connection {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly version: StatementSync;
}

function open(path: string): Connection {
  const database = new DatabaseSync(path, {
    ...VALUE_OPTIONS,
    readOnly: true,
    timeout: 0,
    allowExtension: false,
    defensive: true,
    enableDoubleQuotedStringLiterals: false,
    limits: { attach: 0, length: LONGEST_VALUE },
  });
  return {
    database,
    begin: database.prepare('BEGIN'),
    commit: database.prepare('COMMIT'),
    version: database.prepare('PRAGMA schema_version'),
  };
}

function versionOf({ version }: Connection): bigint {
  const [value] = version.get() as unknown as [bigint];
  return value;
}

function isTooSlow(kept: KeptQuery, ms: number): boolean {
  if (kept.runs++ % SLOW_WINDOW === 0) kept.slow = 0;
  if (ms < SLOW_MS) return false;
  return ++kept.slow >= SLOW_LIMIT;
}
