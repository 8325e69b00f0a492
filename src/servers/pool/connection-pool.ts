import { ChatelaineError, type Clock } from '#kernel';
import { toolboxError, untilAborted } from '#toolbox';
import type { ServerConnection } from '../connections/server-connection.ts';
import { serversError } from '../errors.ts';

/** A connection that is used until `release`, which is called once. */
export interface Lease {
  readonly connection: ServerConnection;
  release(): void;
}

interface Entry {
  readonly key: string;
  readonly opening: Promise<ServerConnection>;
  readonly abandon: AbortController;
  /** The sign-in in whose name it was opened, where it was in one. */
  readonly signIn: string | undefined;
  isLeaving: boolean;
  isOpen: boolean;
  users: number;
  lastUsed: number;
  idle: NodeJS.Timeout | undefined;
}

interface Failure {
  readonly error: unknown;
  readonly times: number;
  readonly until: number;
}

const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 30_000;
/** Keys whose failures are remembered. */
const MOST_FAILURES = 1_000;

/** The connections to one server. */
export class ConnectionPool {
  readonly #name: string;
  readonly #most: number;
  readonly #idleMs: number;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #failures = new Map<string, Failure>();
  #ended: PromiseWithResolvers<void> | undefined;

  constructor(options: { name: string; most: number; idleMs: number; clock: Clock }) {
    this.#name = options.name;
    this.#most = options.most;
    this.#idleMs = options.idleMs;
    this.#clock = options.clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * A connection of that key, open already or opened by `open`, once for all who ask. Rejects with what opening
   * failed by, at once for a while after it failed: whoever is away is not knocked at by every call. With
   * `CONNECTIONS_EXHAUSTED` where all are in use; with the signal's reason. An opening for which nobody waits any more
   * is given up: it may never end, and who comes next would wait for it too.
   */
  async lease(
    key: string,
    open: (signal: AbortSignal) => Promise<ServerConnection>,
    { signal, signIn }: { readonly signal: AbortSignal; readonly signIn?: string | undefined },
  ): Promise<Lease> {
    signal.throwIfAborted();
    if (this.#ended !== undefined)
      throw toolboxError('TOOL_RELOADED', `a reload took the server \`${this.#name}\` away`);
    const entry = this.#entries.get(key) ?? this.#enter(key, open, signIn);
    entry.users++;
    clearTimeout(entry.idle);
    entry.idle = undefined;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      entry.users--;
      entry.lastUsed = this.#clock.now();
      if (entry.users > 0) return;
      if (!entry.isOpen) this.#giveUp(entry);
      else if (this.#ended !== undefined || entry.isLeaving || this.#entries.get(key) !== entry) this.#close(entry);
      else entry.idle = setTimeout(() => this.#drop(entry), this.#idleMs).unref();
    };
    try {
      return { connection: await untilAborted(entry.opening, signal), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Closes each connection when its last call has ended; resolves when all are closed. Idempotent. */
  end(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = Promise.withResolvers();
      for (const entry of this.#entries.values()) if (entry.users === 0) this.#close(entry);
      this.#settle();
    }
    return this.#ended.promise;
  }

  /** The sign-ins in whose names connections are open. */
  signIns(): readonly string[] {
    return Array.from(this.#entries.values(), ({ signIn }) => signIn ?? []).flat();
  }

  /** Closes what was opened in the name of one of the sign-ins: at once, or with the last call that runs. */
  endOf(signIns: ReadonlySet<string>): void {
    for (const entry of this.#entries.values()) {
      if (entry.signIn === undefined || !signIns.has(entry.signIn)) continue;
      entry.isLeaving = true;
      this.#drop(entry);
    }
  }

  #enter(key: string, open: (signal: AbortSignal) => Promise<ServerConnection>, signIn: string | undefined): Entry {
    const failure = this.#failures.get(key);
    if (failure !== undefined && failure.until > this.#clock.now()) throw failure.error;
    if (this.#entries.size >= this.#most) this.#makeRoom();
    const abandon = new AbortController();
    const entry: Entry = {
      ...{
        key,
        abandon,
        signIn,
        isOpen: false,
        isLeaving: false,
        users: 0,
        lastUsed: this.#clock.now(),
        idle: undefined,
      },
      opening: open(abandon.signal),
    };
    this.#entries.set(key, entry);
    entry.opening.then(
      (connection) => {
        entry.isOpen = true;
        this.#failures.delete(key);
        connection.onEnd(() => this.#forget(entry));
      },
      (error: unknown) => {
        this.#forget(entry);
        if (!abandon.signal.aborted) this.#remember(key, error);
      },
    );
    return entry;
  }

  #makeRoom(): void {
    let oldest: Entry | undefined;
    for (const entry of this.#entries.values())
      if (entry.users === 0 && (oldest === undefined || entry.lastUsed < oldest.lastUsed)) oldest = entry;
    if (oldest === undefined)
      throw serversError('CONNECTIONS_EXHAUSTED', `all ${this.#most} connections to \`${this.#name}\` are in use`);
    this.#drop(oldest);
  }

  #remember(key: string, error: unknown): void {
    // What the caller lacks they may have at the next call: it says nothing of the server.
    if (error instanceof ChatelaineError && error.status < 500) return;
    const times = (this.#failures.get(key)?.times ?? 0) + 1;
    const rest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (times - 1));
    if (this.#failures.size >= MOST_FAILURES) this.#failures.clear();
    this.#failures.set(key, { error, times, until: this.#clock.now() + rest });
  }

  #drop(entry: Entry): void {
    if (entry.users > 0) return;
    this.#close(entry);
  }

  #giveUp(entry: Entry): void {
    if (this.#ended === undefined && this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    this.#close(entry);
  }

  #close(entry: Entry): void {
    clearTimeout(entry.idle);
    entry.abandon.abort(new Error('nobody waits for the connection any more'));
    entry.opening
      .then((connection) => connection.close())
      .catch(() => {})
      .finally(() => this.#forget(entry));
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    this.#settle();
  }

  #settle(): void {
    if (this.#ended !== undefined && this.#entries.size === 0) this.#ended.resolve();
  }
}
