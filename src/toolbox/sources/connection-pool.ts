/**
 * Connections to one server, lent to one call at a time.
 *
 * Opens lazily up to a limit, hands a freed connection to the longest-waiting call, forgets broken
 * ones, closes those that nobody used for a while, and those that were opened with a secret that has
 * been replaced since. It knows no driver: a source gives it a way to
 * open a connection, and says at return whether the connection is fit for the next caller.
 */
import { toolboxError } from '../errors.ts';

export interface PooledConnection {
  /** True once the connection cannot be used again: the server closed it, or it was destroyed. */
  readonly broken: boolean;
  /** Ends the connection in good order. */
  end(): Promise<void>;
  /** Drops it at once, whatever it is doing. */
  destroy(): void;
}

export interface PoolOptions<Connection extends PooledConnection> {
  readonly open: (signal: AbortSignal) => Promise<Connection>;
  readonly size: number;
  /** Milliseconds after which an unused connection is closed. */
  readonly idleMs: number;
  /** For messages: the source's name. */
  readonly name: string;
  /**
   * Asked before a connection is lent: a connection opened under another answer is closed instead, an
   * idle one at once and a lent one when it comes back. When it rejects, nobody gets a connection.
   */
  readonly stamp?: (() => Promise<string>) | undefined;
}

interface Waiter<Connection> {
  /** False when the call has gone meanwhile: the connection is then someone else's. */
  offer(connection: Connection): boolean;
  fail(error: unknown): void;
}

export class ConnectionPool<Connection extends PooledConnection> {
  readonly #options: PoolOptions<Connection>;
  /** Last returned first: a small load keeps few connections warm and lets the rest go idle. */
  readonly #idle: { readonly connection: Connection; readonly timer: NodeJS.Timeout }[] = [];
  readonly #waiting: Waiter<Connection>[] = [];
  /** Lent, idle and opening connections together. */
  #count = 0;
  readonly #stamps = new WeakMap<Connection, string | undefined>();
  #stamp: string | undefined;
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(options: PoolOptions<Connection>) {
    this.#options = options;
  }

  /**
   * A connection for one call; to be given back with `release`. Waits while all are lent.
   * Rejects with what `open` or `stamp` threw, with the signal's reason, or when the pool is closed.
   */
  async acquire(signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    if (this.#options.stamp !== undefined) await this.#renew(this.#options.stamp);
    signal.throwIfAborted();
    if (this.#closed) throw this.#closedError();
    for (let entry = this.#idle.pop(); entry; entry = this.#idle.pop()) {
      clearTimeout(entry.timer);
      if (!entry.connection.broken) return entry.connection;
      this.#count--;
    }
    if (this.#count < this.#options.size) return this.#open(signal);
    return this.#wait(signal);
  }

  /** Takes a connection back; a broken one is forgotten, and its place given to whoever waits. */
  release(connection: Connection): void {
    if (!connection.broken && this.#stamps.get(connection) !== this.#stamp) {
      endOrDestroy(connection);
      this.#vacate();
      return;
    }
    if (connection.broken) {
      connection.destroy();
      this.#vacate();
      return;
    }
    for (let waiter = this.#waiting.shift(); waiter; waiter = this.#waiting.shift()) {
      if (waiter.offer(connection)) return;
    }
    if (this.#closed) {
      endOrDestroy(connection);
      this.#vacate();
      return;
    }
    const timer = setTimeout(() => this.#retire(connection), this.#options.idleMs).unref();
    this.#idle.push({ connection, timer });
  }

  /** Refuses new calls, waits for the lent connections to come back, closes all. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = Promise.withResolvers<void>();
      this.#endIdle();
      if (this.#count === 0) this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  async #renew(stamp: () => Promise<string>): Promise<void> {
    let now: string | undefined;
    try {
      now = await stamp();
    } finally {
      // Without an answer what is open may be what must not be used any more.
      if (now !== this.#stamp) this.#endIdle();
      this.#stamp = now;
    }
  }

  #endIdle(): void {
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      endOrDestroy(connection);
      this.#count--;
    }
  }

  async #open(signal: AbortSignal): Promise<Connection> {
    this.#count++;
    const stamp = this.#stamp;
    try {
      const connection = await this.#options.open(signal);
      this.#stamps.set(connection, stamp);
      return connection;
    } catch (error) {
      this.#vacate();
      throw error;
    }
  }

  async #wait(signal: AbortSignal): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    let waiting = true;
    const settle = (): boolean => {
      const first = waiting;
      waiting = false;
      signal.removeEventListener('abort', leave);
      return first;
    };
    const waiter: Waiter<Connection> = {
      offer: (connection) => {
        if (!settle()) return false;
        resolve(connection);
        return true;
      },
      fail: (error) => {
        if (settle()) reject(error);
      },
    };
    const leave = (): void => waiter.fail(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiter);
    return promise;
  }

  /** A place became free without a connection in it: the next waiter gets a new one. */
  #vacate(): void {
    this.#count--;
    const waiter = this.#waiting.shift();
    if (!waiter) {
      if (this.#count === 0) this.#closed?.resolve();
      return;
    }
    // Not bound to the waiter's signal: should it leave meanwhile, the connection serves another.
    void this.#open(new AbortController().signal).then(
      (connection) => {
        if (!waiter.offer(connection)) this.release(connection);
      },
      (error: unknown) => waiter.fail(error),
    );
  }

  #retire(connection: Connection): void {
    const place = this.#idle.findIndex((entry) => entry.connection === connection);
    if (place < 0) return;
    this.#idle.splice(place, 1);
    this.#count--;
    endOrDestroy(connection);
  }

  #closedError(): Error {
    return toolboxError('SOURCE_UNREACHABLE', `the source \`${this.#options.name}\` was closed`);
  }
}

function endOrDestroy(connection: PooledConnection): void {
  connection.end().catch(() => connection.destroy());
}
