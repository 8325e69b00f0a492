import { resolve } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import type { OpenOptions } from './config.ts';
import { loadDriver } from './driver.ts';
import { unreachable } from './faults.ts';

/** The right to run one statement on an open file; to be given back. */
export interface Lease {
  readonly instance: DuckDBInstance;
  readonly release: () => void;
}

interface Waiter {
  readonly options: OpenOptions;
  readonly grant: (lease: Lease) => void;
  readonly refuse: (error: unknown) => void;
}

const files = new Map<string, DatabaseFile>();

/**
 * A database file as this process has it open. DuckDB allows one instance a file in a process: two
 * would each keep their own pages and write over each other's. So sources on one file, such as the old
 * and the new one during a reload, share the instance, and where they want it opened differently it is
 * closed and opened anew between two statements. A source that only reads is content with a file
 * that is open for writing: its statements run in read-only transactions anyway.
 */
export class DatabaseFile {
  readonly #key: string | undefined;
  #users = 0;
  #instance: DuckDBInstance | undefined;
  #opened: OpenOptions | undefined;
  #opening = false;
  #active = 0;
  /** In order of arrival, so that a reader does not overtake a writer for ever. */
  readonly #waiting: Waiter[] = [];

  private constructor(key: string | undefined) {
    this.#key = key;
  }

  /** The file of a path; to be closed as often as it is asked for. A database in memory is nobody else's. */
  static at(path: string): DatabaseFile {
    const key = path === ':memory:' ? undefined : resolve(path);
    const file = (key === undefined ? undefined : files.get(key)) ?? new DatabaseFile(key);
    if (key !== undefined) files.set(key, file);
    file.#users++;
    return file;
  }

  /**
   * Waits for a turn on the file, opened as the options say. Rejects with the signal's reason,
   * `DRIVER_MISSING` or `SOURCE_UNREACHABLE`.
   */
  async acquire(options: OpenOptions, signal: AbortSignal): Promise<Lease> {
    const { promise, resolve: grant, reject: refuse } = Promise.withResolvers<Lease>();
    const waiter: Waiter = { options, grant, refuse };
    const leave = (): void => {
      const place = this.#waiting.indexOf(waiter);
      if (place >= 0) this.#waiting.splice(place, 1);
      refuse(signal.reason);
      this.#serve();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiter);
    this.#serve();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Gives up one use; the last one closes the file. Its statements must have ended. */
  close(): void {
    this.#users--;
    if (this.#users > 0) return;
    if (this.#key !== undefined) files.delete(this.#key);
    this.#instance?.closeSync();
    this.#instance = undefined;
  }

  #serve(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (!next || this.#opening || this.#active >= next.options.concurrency) return;
      if (!this.#instance || !fits(this.#opened, next.options)) {
        // Others are still running on what is to be closed; the last one comes back here.
        if (this.#active === 0) void this.#open(next);
        return;
      }
      this.#waiting.shift();
      this.#active++;
      next.grant({ instance: this.#instance, release: () => this.#release() });
    }
  }

  #release(): void {
    this.#active--;
    this.#serve();
  }

  async #open(waiter: Waiter): Promise<void> {
    this.#opening = true;
    const { path, writable, settings } = waiter.options;
    this.#instance?.closeSync();
    this.#instance = undefined;
    try {
      const { DuckDBInstance } = await loadDriver();
      const instance = await DuckDBInstance.create(path, {
        ...settings,
        access_mode: writable || path === ':memory:' ? 'READ_WRITE' : 'READ_ONLY',
      });
      this.#instance = instance;
      this.#opened = waiter.options;
    } catch (error) {
      const place = this.#waiting.indexOf(waiter);
      if (place >= 0) this.#waiting.splice(place, 1);
      waiter.refuse(unreachable(path, error));
    }
    this.#opening = false;
    this.#serve();
  }
}

function fits(opened: OpenOptions | undefined, wanted: OpenOptions): boolean {
  return (
    opened !== undefined &&
    (opened.writable || !wanted.writable) &&
    JSON.stringify(opened.settings) === JSON.stringify(wanted.settings)
  );
}
