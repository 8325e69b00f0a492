import { resolve } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { toolboxError } from '../../errors.ts';
import { callDeadline } from '../call-deadline.ts';
import type { QueryLimits, RowSet, SourceContext, SqlQuery, SqlSource } from '../source.ts';
import { untilAborted } from '../until-aborted.ts';
import { openOptions, type DuckdbConfig, type OpenOptions } from './config.ts';
import { DatabaseFile } from './database-file.ts';
import { duckdbDialect } from './dialect.ts';
import { loadDriver } from './driver.ts';
import { statementFault, unreachable } from './faults.ts';
import { runStatement } from './statement.ts';

const CHECK_TIMEOUT_MS = 10_000;
/** DuckDB forgets an interrupt that comes before the statement has begun, so it is told again. */
const INTERRUPT_EVERY_MS = 20;

/** A DuckDB file as a source of SQL. The work is done on DuckDB's threads; nothing waits on the event loop. */
export class DuckdbSource implements SqlSource {
  readonly type = 'duckdb';
  readonly dialect = duckdbDialect;
  readonly readOnly: boolean;
  readonly reachesOut: boolean;
  readonly #name: string;
  readonly #options: OpenOptions;
  #file: DatabaseFile | undefined;
  /** Calls, and statements that DuckDB has not ended though nobody waits for them any more. */
  readonly #pending = new Set<Promise<void>>();
  #closed = false;

  constructor(config: DuckdbConfig, context: Pick<SourceContext, 'name' | 'directory'>) {
    const path = config.database === ':memory:' ? config.database : resolve(context.directory, config.database);
    this.readOnly = config.readOnly;
    this.reachesOut = config.externalAccess;
    this.#name = context.name;
    this.#options = openOptions(config, path);
  }

  async query(query: SqlQuery, limits: QueryLimits): Promise<RowSet> {
    if (this.#closed) throw toolboxError('SOURCE_UNREACHABLE', `the source \`${this.#name}\` was closed`);
    return this.#track(this.#call(query, limits));
  }

  async check(signal: AbortSignal): Promise<void> {
    const limits = { signal, timeoutMs: CHECK_TIMEOUT_MS, maxRows: 1, maxBytes: 1024, readOnly: true };
    try {
      await this.query({ text: 'SELECT 1', values: [], fixed: true }, limits);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(this.#options.path, error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    this.#file?.close();
    this.#file = undefined;
  }

  async #call(query: SqlQuery, limits: QueryLimits): Promise<RowSet> {
    const deadline = callDeadline(limits);
    const { signal } = deadline;
    try {
      this.#file ??= DatabaseFile.at(this.#options.path);
      const { instance, release } = await this.#file.acquire(this.#options, signal);
      const { maxRows, maxBytes } = limits;
      const readOnly = limits.readOnly || this.readOnly;
      const work = this.#work(instance, query, { maxRows, maxBytes, readOnly, signal }).finally(release);
      return await untilAborted(this.#track(work), signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw statementFault(error);
    } finally {
      deadline.clear();
    }
  }

  async #track<Value>(work: Promise<Value>): Promise<Value> {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.#pending.add(ended);
    void ended.then(() => this.#pending.delete(ended));
    return work;
  }

  async #work(
    instance: DuckDBInstance,
    query: SqlQuery,
    limits: Pick<QueryLimits, 'maxRows' | 'maxBytes' | 'readOnly' | 'signal'>,
  ): Promise<RowSet> {
    const driver = await loadDriver();
    const connection = await instance.connect();
    let again: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      again ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
    };
    limits.signal.addEventListener('abort', interrupt, { once: true });
    try {
      return await runStatement(driver, connection, query, limits);
    } finally {
      limits.signal.removeEventListener('abort', interrupt);
      clearInterval(again);
      // Rolls back what is not committed.
      connection.disconnectSync();
    }
  }
}
