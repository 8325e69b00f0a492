/** One of several that want to lead, by a Lease that only one holds. */
import { ChatelaineError, type Clock, type Logger } from '#kernel';
import { hasCode, type ApiConnection } from '../connection/index.ts';
import { LEASES } from '../resources.ts';
import { keyOf, type ObjectName } from '../resource.ts';
import { pause, type Timers } from '../timers.ts';
import { held, isFree, leaseObject, observe, released, specOf, type LeaseSpec, type Observed } from './lease.ts';

export interface ElectorOptions {
  readonly connection: Pick<ApiConnection, 'find' | 'create' | 'merge'>;
  readonly lease: ObjectName;
  /** Of this process and no other, ever. */
  readonly identity: string;
  readonly fieldManager: string;
  /** Steady: leading is measured with it. */
  readonly clock: Clock;
  /** For the times that people read. */
  readonly wallClock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Logger;
  readonly times?: ElectionTimes;
}

export interface ElectionTimes {
  /** For how long nobody else takes a lease that does not change. */
  readonly durationMs: number;
  /** For how long a leader leads that cannot renew. The gap to `durationMs` is what clocks may differ by. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

const TIMES: ElectionTimes = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 };

/** What ended an election: who asked for it, the lease that could not be kept, or the work itself. */
export type ElectionEnd = 'stopped' | 'lost' | 'ended';

export class Elector {
  readonly #options: ElectorOptions;
  readonly #times: ElectionTimes;
  #observed: Observed | undefined;
  /** Somebody deleted the lease that we hold: the next who looks may make one. */
  #isDeleted = false;
  /** Until when we lead, by our clock; undefined while we do not. */
  #until: number | undefined;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
    const { durationMs, renewDeadlineMs, retryMs } = this.#times;
    if (!(retryMs < renewDeadlineMs && renewDeadlineMs < durationMs))
      throw new Error('a lease has to last longer than it is tried to be renewed, and that longer than a pause');
  }

  /** Asked when it matters: a process that stood still may have missed its own timers. */
  get isLeader(): boolean {
    return this.#until !== undefined && this.#options.clock.now() < this.#until;
  }

  /**
   * Waits for the lease, then does the work while it is held. `work` has a signal that is aborted when it is lost, or
   * `stop` is; the lease is kept while the work then ends, and given back after that. Rejects with what `work` throws.
   */
  async run(stop: AbortSignal, work: (leading: AbortSignal) => Promise<void>): Promise<ElectionEnd> {
    if (!(await this.#acquire(stop))) return 'stopped';
    const { log, lease, identity } = this.#options;
    log.info({ lease: keyOf(lease), identity }, 'leading');
    const leading = new AbortController();
    const ended = new AbortController();
    const end = (): void => leading.abort(stop.reason);
    if (stop.aborted) end();
    stop.addEventListener('abort', end, { once: true });
    const working = Promise.resolve(leading.signal)
      .then(work)
      .finally(() => ended.abort());
    // Awaited below; until then a failure is not one that nobody handles.
    working.catch(() => undefined);
    const kept = await this.#keep(leading, ended.signal);
    try {
      await working;
    } finally {
      stop.removeEventListener('abort', end);
      if (kept) await this.#release();
    }
    return kept ? (stop.aborted ? 'stopped' : 'ended') : 'lost';
  }

  async #acquire(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      if (await this.#attempt(this.#times.renewDeadlineMs, stop)) return true;
      await this.#pause(stop);
    }
    return false;
  }

  /** Renews until the work has ended; false once the lease is lost, with `leading` aborted by then. */
  async #keep(leading: AbortController, ended: AbortSignal): Promise<boolean> {
    const { clock, timers, log } = this.#options;
    const lose = (): void => {
      if (this.isLeader) {
        // Renewed since: the time goes on.
        cancel = timers.after(Math.max(1, (this.#until as number) - clock.now()), lose);
        return;
      }
      this.#until = undefined;
      log.error('the lease could not be renewed in time; no longer leading');
      leading.abort(new Error('the lease was lost'));
      lost.abort();
    };
    const lost = new AbortController();
    let cancel = timers.after(Math.max(1, (this.#until as number) - clock.now()), lose);
    const over = AbortSignal.any([ended, lost.signal]);
    try {
      while (!over.aborted) {
        await this.#pause(over);
        if (over.aborted) break;
        const left = Math.max(1, (this.#until as number) - clock.now());
        if (!(await this.#attempt(left, over)) && (this.#isTaken() || this.#isDeleted)) {
          this.#until = undefined;
          lose();
        }
      }
    } finally {
      cancel();
    }
    return !lost.signal.aborted && this.isLeader;
  }

  /** Somebody else holds it: there is nothing to wait for. */
  #isTaken(): boolean {
    const holder = this.#observed && specOf(this.#observed.lease).holderIdentity;
    return Boolean(holder) && holder !== this.#options.identity;
  }

  /** Takes or renews the lease if it may be. The time that we lead counts from before we asked. */
  async #attempt(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock, identity, log } = this.#options;
    const asked = clock.now();
    try {
      if (!(await this.#hold(deadlineMs, signal))) return false;
    } catch (error) {
      if (!signal.aborted) {
        const known = error instanceof ChatelaineError;
        const what = known ? { code: error.code } : { err: error };
        log[hasCode(error, 'CLUSTER_CONFLICT', 'CLUSTER_ALREADY_EXISTS') ? 'debug' : 'warn'](
          { identity, ...what },
          known ? error.message : 'the lease cannot be asked for',
        );
      }
      return false;
    }
    // An answer that took longer than we would lead for says nothing about now.
    const until = asked + this.#times.renewDeadlineMs;
    if (clock.now() >= until) return false;
    this.#until = until;
    return true;
  }

  async #hold(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const { connection, lease: name, identity, clock, wallClock, fieldManager } = this.#options;
    const { durationMs } = this.#times;
    const call = { signal, deadlineMs };
    // What we wrote last is what is there, as long as nobody else wrote: the version says so.
    const found = this.isLeader ? this.#observed?.lease : await connection.find(LEASES, name, call);
    if (found === undefined) {
      // Deleted under somebody who may not know it yet.
      if (this.#isTaken() && !isFree(this.#observed as Observed, identity, durationMs, clock.now())) return false;
      const spec = held(undefined, identity, durationMs, wallClock.now());
      const created = await connection.create(LEASES, leaseObject(name, spec), { fieldManager, ...call });
      this.#observed = observe(undefined, created, clock.now());
      return true;
    }
    this.#observed = observe(this.#observed, found, clock.now());
    if (!isFree(this.#observed, identity, durationMs, clock.now())) return false;
    try {
      await this.#write(held(specOf(found), identity, durationMs, wallClock.now()), call);
      return true;
    } catch (error) {
      // What we wrote was not the last, or its answer did not arrive: see who holds it now.
      if (hasCode(error, 'CLUSTER_CONFLICT', 'CLUSTER_NOT_FOUND')) await this.#look(call);
      throw error;
    }
  }

  async #look(call: { readonly signal?: AbortSignal; readonly deadlineMs: number }): Promise<void> {
    const { connection, lease, clock } = this.#options;
    const found = await connection.find(LEASES, lease, call);
    this.#isDeleted = found === undefined;
    if (found !== undefined) this.#observed = observe(this.#observed, found, clock.now());
  }

  /** Only over the lease that was seen: the version decides between two that write at once. */
  async #write(spec: LeaseSpec, call: { readonly signal?: AbortSignal; readonly deadlineMs: number }): Promise<void> {
    const { connection, lease: name, clock, fieldManager } = this.#options;
    const { uid, resourceVersion } = (this.#observed as Observed).lease.metadata;
    const written = await connection.merge(...([LEASES, name, { metadata: { uid, resourceVersion }, spec }] as const), {
      fieldManager,
      ...call,
    });
    this.#observed = observe(this.#observed, written, clock.now());
  }

  async #release(): Promise<void> {
    const { wallClock, log } = this.#options;
    const { lease } = this.#observed as Observed;
    this.#until = undefined;
    const call = { deadlineMs: this.#times.retryMs };
    const giveBack = (): Promise<void> => this.#write(released(specOf(lease), wallClock.now()), call);
    try {
      await giveBack().catch(async (error: unknown) => {
        // The last renewal may have arrived without its answer.
        if (!hasCode(error, 'CLUSTER_CONFLICT')) throw error;
        await this.#look(call);
        if (!this.#isTaken()) await giveBack();
      });
    } catch (error) {
      log.info({ err: error }, 'the lease could not be given back; it ends by itself');
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { timers, random } = this.#options;
    // A fifth of jitter: those that wait do not ask all at once.
    return pause(timers, this.#times.retryMs * (1 + random() / 5), signal);
  }
}
