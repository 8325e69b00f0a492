import type { StatementSync } from 'node:sqlite';
import type { QueryLimits, RowSet, SqlQuery } from '../source.ts';
import { collectRows, rowShape, type RowShape } from './answer.ts';
import { InlineConnection } from './inline-connection.ts';
import { KeptTexts } from './kept-texts.ts';
import { bindings, readPlaceholders, type Placeholders } from './placeholders.ts';

/** A bounded statement that takes longer met what its program cannot show: a cold disk, overflow pages. */
const SLOW_MS = 20;
/**
 * So often among `SLOW_WINDOW` runs, and it is no accident of the scheduler's: on a machine with ten
 * programs to a core, that is some two runs of a thousand.
 */
const SLOW_LIMIT = 5;
const SLOW_WINDOW = 100;

interface KeptQuery {
  readonly statement: StatementSync;
  readonly placeholders: Placeholders;
  shape: RowShape | undefined;
  runs: number;
  slow: number;
}

/**
 * What an attempt on the event loop came to: rows, or why the pool must run the statement. One that is
 * `unfit` is not to be tried here again.
 */
export type Attempt = RowSet | 'schema changed' | 'unfit' | 'failed';

/**
 * Bounded statements on the event loop, where one costs microseconds and a way to another process and
 * back would cost many more. The connection only reads, never waits for a lock, and refuses long values.
 *
 * Whatever does not go smoothly is left to the pool: it runs the statement anew and says what is
 * wrong, so there is one place that reports failures.
 */
export class InlineReader {
  readonly #path: string;
  readonly #kept = new KeptTexts<KeptQuery>();
  #connection: InlineConnection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Runs a statement that is bounded under the given version of the schema. */
  read(query: SqlQuery, limits: Pick<QueryLimits, 'maxRows' | 'maxBytes'>, schemaVersion: bigint): Attempt {
    const started = performance.now();
    try {
      const kept = this.#kept.get(query) ?? this.#prepare(query, schemaVersion);
      if (kept === undefined) return this.#forget();
      if (kept.placeholders.count !== query.values.length) return 'failed';
      const found = kept.statement.all(...bindings(kept.placeholders, query.values));
      const { rows, truncated } = collectRows(found, () => (kept.shape ??= rowShape(kept.statement)), limits);
      if (isTooSlow(kept, performance.now() - started)) return 'unfit';
      return truncated ? { rows, truncated } : { rows };
    } catch {
      return this.#whyNot(schemaVersion);
    }
  }

  /** Lets go of the file; the next read opens it anew. */
  close(): void {
    this.#kept.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #prepare(query: SqlQuery, schemaVersion: bigint): KeptQuery | undefined {
    this.#connection ??= new InlineConnection(this.#path);
    const statement = this.#connection.compile(query.text, schemaVersion);
    if (statement === undefined) return undefined;
    const kept = { statement, placeholders: readPlaceholders(query.text), shape: undefined, runs: 0, slow: 0 };
    this.#kept.set(query, kept);
    return kept;
  }

  #whyNot(schemaVersion: bigint): Attempt {
    try {
      if (this.#connection?.takeRefusal() !== true) return 'failed';
      // Another plan under the same schema: one that SQLite makes anew for each value that is bound.
      return this.#connection.hasVersion(schemaVersion) ? 'unfit' : this.#forget();
    } catch {
      return 'failed';
    }
  }

  #forget(): Attempt {
    this.#kept.clear();
    return 'schema changed';
  }
}

function isTooSlow(kept: KeptQuery, ms: number): boolean {
  if (kept.runs++ % SLOW_WINDOW === 0) kept.slow = 0;
  if (ms < SLOW_MS) return false;
  return ++kept.slow >= SLOW_LIMIT;
}
