/** Keeps a store as the API server has it: lists, watches from there, and begins anew whatever happens. */
import { ChatelaineError, retryAfterOf, type Clock, type Logger } from '#kernel';
import { jitteredMs, type Backoff } from '../backoff.ts';
import { hasCode, readStatus, refusalError, type ApiConnection } from '../connection/index.ts';
import { silentObserver, type ClusterObserver } from '../metrics/observer.ts';
import { resourceTitle, type Resource, type Scope } from '../resource.ts';
import { pause, type Timers } from '../timers.ts';
import { listAll } from './list-all.ts';
import type { ObjectStore } from './object-store.ts';

export interface ReflectorOptions {
  readonly connection: Pick<ApiConnection, 'list' | 'watch'>;
  readonly resource: Resource;
  readonly scope?: Scope;
  readonly store: ObjectStore;
  /** Steady: it tells for how long. */
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly observer?: ClusterObserver;
  readonly backoff?: Backoff;
  /** A watch lasts between once and twice so long. */
  readonly watchSeconds?: number;
  readonly pageSize?: number;
}

/** As client-go has it. */
const BACKOFF: Backoff = { firstMs: 800, mostMs: 30_000 };
const WATCH_SECONDS = 300;
/** A watch that held so long was none that fails at once. */
const STEADY_MS = 5000;

export class Reflector {
  readonly resource: Resource;
  readonly store: ObjectStore;
  /** Settles once everything was listed for the first time; rejects when it is ended before that. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions;
  readonly #title: string;
  readonly #observer: ClusterObserver;
  #settle: { readonly resolve: () => void; readonly reject: (reason: unknown) => void };
  #isSynced = false;
  /** From where to watch; undefined while everything has to be listed. */
  #version: string | undefined;
  #failures = 0;
  #heardAt: number;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.resource = options.resource;
    this.store = options.store;
    this.#title = resourceTitle(options.resource);
    this.#observer = options.observer ?? silentObserver;
    this.#heardAt = options.clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whoever does not wait for it does not hear of it.
    promise.catch(() => undefined);
    this.synced = promise;
    this.#settle = { resolve, reject };
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /**
   * Milliseconds since the API server last gave a sign: a list, a watch that opened, a change, a bookmark. Bookmarks
   * come about once a minute; a figure of several minutes means that what is in the store may be old.
   */
  stalenessMs(): number {
    return this.#options.clock.now() - this.#heardAt;
  }

  /** Ends by the signal alone, and never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delay = await this.#turn(signal);
      if (delay > 0) await pause(this.#options.timers, delay, signal);
    }
    this.#settle.reject(signal.reason);
  }

  /** A list if there has to be one, then a watch. Gives how long to wait before the next. */
  async #turn(signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    const began = clock.now();
    try {
      if (this.#version === undefined) await this.#list(signal);
      await this.#watch(signal);
      this.#observer.watchRestarted({ resource: this.#title, why: 'closed' });
      if (clock.now() - began < STEADY_MS) return this.#delay();
      this.#failures = 0;
      return 0;
    } catch (error) {
      return signal.aborted ? 0 : this.#recover(error);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { connection, resource, scope, store, pageSize } = this.#options;
    const limit = pageSize === undefined ? {} : { limit: pageSize };
    const { items, resourceVersion } = await listAll(connection, resource, { ...scope, ...limit, signal });
    this.#heard();
    store.replace(items, resourceVersion);
    this.#version = resourceVersion;
    this.#isSynced = true;
    this.#settle.resolve();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { connection, resource, scope, store, random, watchSeconds = WATCH_SECONDS } = this.#options;
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + random()));
    const resourceVersion = this.#version as string;
    for await (const event of connection.watch(resource, { ...scope, resourceVersion, timeoutSeconds, signal })) {
      if (event.type === 'ERROR') {
        const status = readStatus(event.object);
        throw refusalError(`\`watch\` of ${this.#title}`, status?.code ?? 500, status);
      }
      this.#heard();
      this.#failures = 0;
      if (event.type === 'BOOKMARK') {
        this.#version = event.resourceVersion;
        continue;
      }
      if (event.type === 'DELETED') store.remove(event.object);
      else store.put(event.object);
      this.#version = event.object.metadata.resourceVersion ?? this.#version;
    }
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.now();
  }

  /**
   * After a cut the watch goes on from where it was, so that nothing is missed. What the server does not have any more
   * (410), or says it does not have yet (a state that was put back), has to be listed.
   */
  #recover(error: unknown): number {
    const code = error instanceof ChatelaineError ? error.code : 'unexpected';
    const gone = hasCode(error, 'CLUSTER_GONE');
    if (gone || isOfTheFuture(error)) this.#version = undefined;
    this.#observer.watchRestarted({ resource: this.#title, why: gone ? 'gone' : code });
    const delay = Math.max(this.#delay(), retryAfterMs(error));
    // The first of a row is how watches end; a second has a reason.
    const level = this.#failures > 1 || !(error instanceof ChatelaineError) ? 'warn' : 'debug';
    const { message } = error instanceof Error ? error : { message: String(error) };
    this.#options.log[level]({ resource: this.#title, code, delayMs: Math.round(delay) }, message);
    return delay;
  }

  #delay(): number {
    const { backoff = BACKOFF, random } = this.#options;
    this.#failures++;
    return jitteredMs(backoff, this.#failures, random());
  }
}

const isOfTheFuture = (error: unknown): boolean =>
  hasCode(error, 'CLUSTER_TIMEOUT') &&
  ((error.details?.['causes'] ?? []) as readonly string[]).includes('ResourceVersionTooLarge');

const retryAfterMs = (error: unknown): number =>
  error instanceof ChatelaineError && typeof error.details?.['retryAfterSeconds'] === 'number'
    ? (retryAfterOf(error) ?? 0) * 1000
    : 0;
