/** Keys that something has to be done about: each once, by one worker at a time, and again when that failed. */
import { ChatelaineError, retryAfterOf, type Clock, type Logger } from '#kernel';
import { backoffMs, type Backoff } from '../backoff.ts';
import { hasCode } from '../connection/index.ts';
import { silentObserver, type ClusterObserver } from '../metrics/observer.ts';
import type { Timers } from '../timers.ts';
import { TokenBucket, type Rate } from './token-bucket.ts';

/** When to come back although nothing failed. */
export interface Again {
  readonly afterMs: number;
}

/** What is done about a key. Throws to be called again, later each time. */
export type Work = (key: string, signal: AbortSignal) => Promise<Again | undefined | void>;

export interface WorkQueueOptions {
  /** For the log and the metrics: the kind. */
  readonly name: string;
  readonly work: Work;
  readonly workers: number;
  /** Steady. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly observer?: ClusterObserver;
  readonly backoff?: Backoff;
  /** Shared by queues that are to have one rate together. */
  readonly bucket?: TokenBucket;
}

const BACKOFF: Backoff = { firstMs: 5, mostMs: 300_000 };
const RATE: Rate = { perSecond: 50, burst: 200 };

interface Delayed {
  readonly due: number;
  readonly cancel: () => void;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #observer: ClusterObserver;
  readonly #bucket: TokenBucket;
  /** In order, with when they came. */
  readonly #waiting = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  /** Came while they ran. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  #signal: AbortSignal | undefined;
  #cancelTurn: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#observer = options.observer ?? silentObserver;
    this.#bucket = options.bucket ?? new TokenBucket(RATE, options.clock.now());
  }

  /** Keys that wait for a worker now. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** A key that waits already waits no longer and no twice; one that runs comes again after that. */
  add(key: string): void {
    this.#callOff(key);
    if (this.#running.has(key)) this.#again.add(key);
    else if (!this.#waiting.has(key)) this.#waiting.set(key, this.#options.clock.now());
    this.#turn();
  }

  /** Of several times the earliest counts. */
  addAfter(key: string, ms: number): void {
    const due = this.#options.clock.now() + ms;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.due <= due) return;
    this.#callOff(key);
    this.#delayed.set(key, { due, cancel: this.#options.timers.after(ms, () => this.add(key)) });
  }

  /** Nothing is to be done about it any more: what failed of it is forgotten. */
  forget(key: string): void {
    this.#callOff(key);
    this.#waiting.delete(key);
    this.#again.delete(key);
    this.#failures.delete(key);
  }

  /**
   * Works until `stop` is aborted; then starts nothing more, and resolves when all that runs has ended. `work` has a
   * signal of its own, for whoever has to end what runs at once; keys that come before or after wait.
   */
  async run(stop: AbortSignal, work: AbortSignal = stop): Promise<void> {
    if (stop.aborted) return;
    this.#signal = work;
    const { promise, resolve } = Promise.withResolvers<void>();
    stop.addEventListener('abort', () => resolve(), { once: true });
    this.#turn();
    await promise;
    this.#signal = undefined;
    this.#cancelTurn?.();
    this.#cancelTurn = undefined;
    await Promise.all(this.#running.values());
    for (const key of this.#delayed.keys()) this.#callOff(key);
  }

  #callOff(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Gives workers what waits, as far as there are workers and tokens. */
  #turn(): void {
    const { clock, timers, workers } = this.#options;
    while (this.#signal !== undefined && this.#cancelTurn === undefined && this.#running.size < workers) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const wait = this.#bucket.take(clock.now());
      if (wait === 0) this.#start(first[0], first[1], this.#signal);
      else
        this.#cancelTurn = timers.after(wait, () => {
          this.#cancelTurn = undefined;
          this.#turn();
        });
    }
  }

  #start(key: string, came: number, signal: AbortSignal): void {
    const { name, clock } = this.#options;
    this.#waiting.delete(key);
    const began = clock.now();
    this.#observer.dequeued({ queue: name, waitedMs: began - came });
    this.#running.set(key, this.#work(key, began, signal));
  }

  async #work(key: string, began: number, signal: AbortSignal): Promise<void> {
    const { name, work, clock } = this.#options;
    let outcome: 'ok' | 'failed' = 'ok';
    try {
      // Also what it throws at once is thrown later.
      await Promise.resolve();
      const again = await work(key, signal);
      this.#failures.delete(key);
      if (again !== undefined && !signal.aborted) this.addAfter(key, again.afterMs);
    } catch (error) {
      outcome = 'failed';
      // What ended with us says nothing about the key.
      if (!signal.aborted) this.#failed(key, error);
    }
    this.#observer.reconciled({ queue: name, outcome, durationMs: clock.now() - began });
    this.#running.delete(key);
    if (this.#again.delete(key)) this.add(key);
    else this.#turn();
  }

  #failed(key: string, error: unknown): void {
    const { name, backoff = BACKOFF, log } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const asked = error instanceof ChatelaineError && error.details?.['retryAfterSeconds'] !== undefined;
    const delayMs = Math.max(backoffMs(backoff, failures), asked ? (retryAfterOf(error) ?? 0) * 1000 : 0);
    this.#observer.retried(name);
    const known = error instanceof ChatelaineError;
    // Not `key`: what is called so in a record is taken for a secret.
    const what = { queue: name, object: key, failures, delayMs, ...(known ? { code: error.code } : { err: error }) };
    // That somebody else wrote meanwhile is how it goes; again and again it is not.
    const level = hasCode(error, 'CLUSTER_CONFLICT') && failures < 5 ? 'debug' : 'warn';
    log[level](what, known ? error.message : 'work on a key failed');
    this.addAfter(key, delayMs);
  }
}
