import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { callDeadline } from '../call-deadline.ts';
import type { QueryLimits, Row, RowSet, SourceContext, SqlQuery, SqlSource, SqlText } from '../source.ts';
import { untilAborted } from '../until-aborted.ts';
import { ChildPool } from './child-pool.ts';
import type { SqliteConfig } from './config.ts';
import { sqliteDialect } from './dialect.ts';
import { InlineReader } from './inline-reader.ts';
import { KeptTexts } from './kept-texts.ts';
import type { Answer, ChildReply, ChildRequest, Failure, Verdict } from './protocol.ts';

/** Children that had nothing to do for so long are let go; the next call starts one within some 30 ms. */
const IDLE_MS = 60_000;
/** How often the file is looked at for having been replaced. */
const FILE_LOOK_MS = 1000;
const CHECK_TIMEOUT_MS = 10_000;
/** A longer text is not worth a verdict: it would have to be compiled on the event loop. */
const LONGEST_JUDGED = 4096;

/** Which way the last statements went: for tests, and for whoever wonders why a tool is slow. */
export interface SqliteCounts {
  inline: number;
  pooled: number;
}

/**
 * A SQLite file as a source of SQL. A statement runs in a child process the first time; there it is
 * also judged, and from then on one that is bounded runs on the event loop. So nothing of unknown
 * cost is ever run, or even compiled, where a pause would be everybody's.
 */
export class SqliteSource implements SqlSource {
  readonly type = 'sqlite';
  readonly dialect = sqliteDialect;
  readonly readOnly: boolean;
  readonly counts: SqliteCounts = { inline: 0, pooled: 0 };
  readonly #context: Omit<SourceContext, 'secrets'>;
  readonly #path: string;
  readonly #pool: ChildPool;
  /** Absent for a database in memory, which is in its one child and nowhere else. */
  readonly #inline: InlineReader | undefined;
  readonly #verdicts = new KeptTexts<Verdict>();
  /** Texts whose verdict is being found. */
  readonly #judging = new Map<string, Promise<void>>();
  #file: { readonly identity: string | undefined; readonly seen: number } | undefined;
  #closed = false;

  constructor(config: SqliteConfig, context: Omit<SourceContext, 'secrets'>) {
    const inMemory = config.database === ':memory:';
    this.readOnly = config.readOnly;
    this.#context = context;
    this.#path = inMemory ? config.database : resolve(context.directory, config.database);
    this.#inline = inMemory ? undefined : new InlineReader(this.#path);
    this.#pool = new ChildPool({
      name: context.name,
      location: { path: this.#path, readOnly: config.readOnly, busyTimeoutMs: config.busyTimeout },
      size: inMemory ? 1 : config.processes,
      idleMs: inMemory ? Number.POSITIVE_INFINITY : IDLE_MS,
    });
  }

  /**
   * A program that is bounded has no instruction that writes; and a text whose program once had none is
   * no `INSERT` under any schema.
   */
  provedToRead(query: SqlText): boolean {
    return this.#verdicts.get(query)?.bounded === true;
  }

  query(query: SqlQuery, limits: QueryLimits): RowSet | Promise<RowSet> {
    this.#noticeReplacement();
    // Without a look at the signal, which is made when it is asked for, and without a promise: a lookup
    // is over before anybody could abort it or wait for it.
    return this.#tryInline(query, limits) ?? this.#runPooled(query, limits);
  }

  async check(signal: AbortSignal): Promise<void> {
    const limits = { signal, timeoutMs: CHECK_TIMEOUT_MS, maxRows: 1, maxBytes: 1024, readOnly: this.readOnly };
    try {
      // Reads the file's first page: a path that is no database is found out.
      await this.#runPooled({ text: 'PRAGMA schema_version', values: [] }, limits);
    } catch (cause) {
      signal.throwIfAborted();
      throw toolboxError('SOURCE_UNREACHABLE', this.#unusable((cause as Error).message), { cause });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#inline?.close();
    await this.#pool.close();
  }

  #tryInline(query: SqlQuery, limits: QueryLimits): RowSet | undefined {
    const verdict = this.#verdicts.get(query);
    if (verdict?.bounded !== true || !this.#inline || this.#closed) return undefined;
    const attempt = this.#inline.read(query, limits, verdict.schemaVersion);
    if (typeof attempt === 'object') {
      this.counts.inline++;
      return attempt;
    }
    // Every verdict was given under the schema that has gone.
    if (attempt === 'schema changed') this.#verdicts.clear();
    if (attempt === 'unfit') this.#verdicts.set(query, { bounded: false });
    return undefined;
  }

  async #runPooled(query: SqlQuery, limits: QueryLimits): Promise<RowSet> {
    const deadline = callDeadline(limits);
    try {
      const judging = this.#judging.get(query.text);
      if (judging) {
        await untilAborted(judging, deadline.signal);
        const rows = this.#tryInline(query, limits);
        if (rows) return rows;
      }
      this.counts.pooled++;
      const reply = await this.#ask(query, limits, deadline.signal);
      if (!reply.ok) throw this.#fault(reply);
      return rowSet(reply);
    } finally {
      deadline.clear();
    }
  }

  /**
   * Has a child run the statement. The first to run a text has it judged as well, and whoever comes
   * with the same text meanwhile waits for the verdict: a burst of lookups starts one process, not all.
   */
  async #ask(query: SqlQuery, limits: QueryLimits, signal: AbortSignal): Promise<ChildReply> {
    const { text, values } = query;
    const { maxRows, maxBytes, readOnly } = limits;
    const request: ChildRequest = { text, values, readOnly, maxRows, maxBytes, judge: false };
    if (!this.#inline || text.length > LONGEST_JUDGED || this.#verdicts.get(query) || this.#judging.has(text)) {
      return this.#pool.run(request, signal);
    }
    const judging = Promise.withResolvers<void>();
    const done = (): void => {
      this.#judging.delete(text);
      judging.resolve();
    };
    this.#judging.set(text, judging.promise);
    try {
      return await this.#pool.run({ ...request, judge: true }, signal, (verdict) => {
        this.#verdicts.set(query, verdict);
        done();
      });
    } finally {
      // Without a verdict too: a text that does not compile, a file that is locked.
      if (this.#judging.get(text) === judging.promise) done();
    }
  }

  #fault({ reason, message }: Failure): Error {
    if (reason === 'unreachable') return toolboxError('SOURCE_UNREACHABLE', this.#unusable(message));
    return toolboxError(reason === 'read-only' ? 'READ_ONLY' : 'SQL_FAILED', message);
  }

  #unusable(reason: string): string {
    return `cannot use the SQLite database \`${this.#path}\`: ${reason}`;
  }

  /**
   * A file that was replaced (`mv new.db cities.db`) keeps its old content for whoever has it open:
   * once a second its identity is compared, and connections to another file are given up.
   */
  #noticeReplacement(): void {
    const now = this.#context.clock.now();
    if (!this.#inline || (this.#file && now - this.#file.seen < FILE_LOOK_MS)) return;
    const identity = identityOf(this.#path);
    // A file that was not there is not replaced when it comes: whoever opened the path made it.
    if (this.#file?.identity !== undefined && this.#file.identity !== identity) {
      this.#context.log.info({ source: this.#context.name }, 'the database file was replaced; opening the new one');
      this.#inline.close();
      this.#verdicts.clear();
      this.#pool.retire();
    }
    this.#file = { identity, seen: now };
  }
}

/** Tells one file from another under the same path; undefined where there is none to be seen. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function rowSet({ rows, truncated, affected }: Answer): RowSet {
  return {
    rows: JSON.parse(rows) as readonly Row[] & JsonValue,
    ...(truncated ? { truncated } : {}),
    ...(affected === undefined ? {} : { affected }),
  };
}
