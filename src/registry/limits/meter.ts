import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Logger } from '#kernel';
import type { Counters } from './counters/counters.ts';
import type { Ask, Granted } from './counters/settle.ts';
import { LEASE_MS } from './counters/settle.ts';
import { Tally, type Measure } from './tally.ts';

/** What a call takes of one count. */
export interface Want {
  readonly measure: Measure;
  /** Permits; of what is known afterwards and of what runs it is one call. */
  readonly amount: number;
}

export interface MeterOptions {
  readonly counters: Counters;
  /** Tells this process from every other that counts there. */
  readonly holder: string;
  /** How many processes count there: by so much a limit is divided while the counters are away. */
  readonly replicas: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often is looked whether blocks are to be given back, renewed or charged. */
const TICK_MS = 250;
/** Waiting for what others may give back: longer than they keep it when little is left. */
const PATIENCE_MS = 1000;
const AGAIN_MS = 50;
/** After a refusal nobody is asked again for so long. */
const REFUSED_MS = 250;
/** Counters that have not answered for so long are away. */
const ANSWER_MS = 5000;
const PROBE_MS = 1000;
const TOGETHER = 1000;
const PRUNE_MS = 300_000;
/** Windows that are not over are remembered, up to so many: beyond, those at rest are forgotten. */
const REMEMBERED = 50_000;

/**
 * Counts the calls of this process against counts that others share. It holds blocks of permits, so that a call
 * on a warm path asks nobody; what it asks goes together with what others in here ask at the same time.
 *
 * While the counters do not answer, a process grants its share of each limit and no more; what it granted is
 * told to them when they are back, which it finds out by itself.
 */
export class Meter {
  readonly #counters: Counters;
  readonly #holder: string;
  readonly #replicas: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #tallies = new Map<string, Tally>();
  readonly #due = new Set<Tally>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #awaySince: number | undefined;
  #probedAt = 0;
  #prunedAt: number;

  constructor({ counters, holder, replicas, clock, log }: MeterOptions) {
    this.#counters = counters;
    this.#holder = holder;
    this.#replicas = replicas;
    this.#clock = clock;
    this.#log = log;
    this.#prunedAt = clock.now();
  }

  /** Whether limits are counted where they should be. */
  get away(): boolean {
    return this.#awaySince !== undefined;
  }

  /** Windows that are remembered. */
  get size(): number {
    return this.#tallies.size;
  }

  /** Takes of all or of none; gives the tallies to hand back to `leave`, or the one that refused. */
  take(wants: readonly Want[]): Taken | Promise<Taken> {
    const tallies: Tally[] = [];
    for (let at = 0; at < wants.length; at++) {
      const want = wants[at] as Want;
      const tally = this.#tally(want.measure);
      const taken = this.#takeOne(tally, want.amount);
      if (taken instanceof Promise) return this.#takeRest(wants, tallies, tally, taken);
      if (!taken) return this.#refused(wants, tallies, tally);
      tallies.push(tally);
    }
    return { tallies };
  }

  async #takeRest(wants: readonly Want[], tallies: Tally[], waiting: Tally, taking: Promise<boolean>): Promise<Taken> {
    if (!(await taking)) return this.#refused(wants, tallies, waiting);
    tallies.push(waiting);
    for (const { measure, amount } of wants.slice(tallies.length)) {
      const tally = this.#tally(measure);
      if (!(await this.#takeOne(tally, amount))) return this.#refused(wants, tallies, tally);
      tallies.push(tally);
    }
    return { tallies };
  }

  #refused(wants: readonly Want[], tallies: readonly Tally[], by: Tally): Taken {
    tallies.forEach((tally, at) => tally.putBack((wants[at] as Want).amount));
    const now = this.#clock.now();
    const retryAfterMs = by.endsAt === undefined ? 1000 : Math.max(1, by.endsAt - now);
    return { tallies: [], refusedBy: by, retryAfterMs };
  }

  /** The call is over: its place is free, and what it brought is charged. */
  leave(tallies: readonly Tally[], used: { readonly rows: number; readonly bytes: number }): void {
    for (const tally of tallies) {
      tally.leave(used);
      if (this.#counters.type !== 'memory') this.#tick();
      else if (tally.holds) this.#settleHere(tally);
    }
  }

  /** Tells the counters everything, and gives all blocks back. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#flushing;
    if (this.#counters.type === 'memory') return;
    const held = [...this.#tallies.values()].filter((tally) => tally.holds);
    for (const tally of held) tally.spareNothing();
    this.#ask(held);
    await this.#flushing;
  }

  #tally(measure: Measure): Tally {
    const now = this.#clock.now();
    const known = this.#tallies.get(measure.id);
    if (known !== undefined && known.isNow(now)) {
      known.measuresBy(measure);
      return known;
    }
    const tally = new Tally(measure, now);
    this.#tallies.set(measure.id, tally);
    if (this.#counters.type !== 'memory') this.#tick();
    else if (this.#tallies.size > REMEMBERED) this.#sweep(now);
    return tally;
  }

  #takeOne(tally: Tally, amount: number): boolean | Promise<boolean> {
    const now = this.#clock.now();
    if (this.#awaySince !== undefined) return tally.takeShare(amount, this.#replicas);
    const known = tally.tryTake(amount, now);
    if (known !== undefined) return known;
    if (this.#counters.type === 'memory') return this.#settleHere(tally, amount);
    return new Promise((resolve) => {
      tally.waiting.push({ amount, until: now + PATIENCE_MS, resolve });
      this.#ask([tally]);
    });
  }

  /** In the memory of the process: asked and answered at once, without blocks. */
  #settleHere(tally: Tally, amount = 0): boolean {
    const now = this.#clock.now();
    const [granted] = this.#counters.settle([tally.ask(amount, 0)], this.#holder, now) as readonly Granted[];
    tally.told(granted as Granted, now);
    return amount === 0 || tally.takeNow(amount);
  }

  #ask(tallies: Iterable<Tally>): void {
    for (const tally of tallies) this.#due.add(tally);
    if (this.#due.size > 0) this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
  }

  /** One question at a time: what comes meanwhile goes with the next. */
  async #flush(): Promise<void> {
    // Whoever comes in the same turn comes along.
    await Promise.resolve();
    while (this.#due.size > 0) {
      const tallies = [...this.#due].slice(0, TOGETHER);
      for (const tally of tallies) this.#due.delete(tally);
      const now = this.#clock.now();
      const asks = tallies.map((tally) => tally.askForAll());
      try {
        const answers = await this.#answered(asks, now);
        tallies.forEach((tally, at) => tally.told(answers[at] as Granted, now));
        this.#isBack(now);
      } catch (error) {
        tallies.forEach((tally, at) => tally.untold(asks[at] as Ask));
        this.#isAway(error);
      }
      for (const tally of tallies) this.#serve(tally);
    }
  }

  async #answered(asks: readonly Ask[], now: number): Promise<readonly Granted[]> {
    const enough = new AbortController();
    const late = sleep(ANSWER_MS, undefined, { ref: false, signal: enough.signal }).then(() =>
      Promise.reject(new Error('the counters did not answer in time')),
    );
    late.catch(() => undefined);
    try {
      return await Promise.race([this.#counters.settle(asks, this.#holder, now), late]);
    } finally {
      enough.abort();
    }
  }

  /**
   * Lets in who waits, as far as there are permits; refuses the others, unless some may come back from elsewhere, or
   * the counters have not been asked for them: who came while they were asked goes with the next question.
   */
  #serve(tally: Tally): void {
    const now = this.#clock.now();
    const waiting = tally.waiting.splice(0);
    const { askedFor } = tally;
    tally.askedFor = 0;
    let refused: number | undefined;
    for (const [at, one] of waiting.entries()) {
      if (this.#awaySince === undefined ? tally.takeNow(one.amount) : tally.takeShare(one.amount, this.#replicas))
        one.resolve(true);
      else if (this.#awaySince === undefined && (at >= askedFor || (tally.elsewhere > 0 && now < one.until))) {
        tally.waiting.push(one);
      } else {
        refused = Math.min(refused ?? Infinity, one.amount);
        one.resolve(false);
      }
    }
    if (tally.waiting.length > 0) this.#askAgain(tally);
    // What others hold may be free at any moment.
    else if (refused !== undefined && tally.elsewhere === 0) tally.refuse(refused, now + REFUSED_MS);
  }

  #askAgain(tally: Tally): void {
    if (tally.isAskedAgain) return;
    tally.isAskedAgain = true;
    setTimeout(() => {
      tally.isAskedAgain = false;
      this.#ask([tally]);
    }, AGAIN_MS);
  }

  #isAway(error: unknown): void {
    if (this.#awaySince !== undefined) return;
    this.#awaySince = this.#clock.now();
    this.#probedAt = this.#awaySince;
    this.#log.error(
      { event: 'limits.counters.away', counters: this.#counters.type, replicas: this.#replicas, err: error },
      'the counters of limits do not answer; until they do, this process grants its share of each limit and no more',
    );
    // Whoever waits in a tally that was not part of the question.
    for (const tally of this.#tallies.values()) if (tally.waiting.length > 0) this.#serve(tally);
    this.#tick();
  }

  #isBack(now: number): void {
    if (this.#awaySince === undefined) return;
    const awayMs = now - this.#awaySince;
    this.#awaySince = undefined;
    this.#log.info(
      { event: 'limits.counters.back', counters: this.#counters.type, awayMs },
      'the counters of limits answer again',
    );
    this.#ask([...this.#tallies.values()].filter((tally) => tally.holds));
  }

  /** Looks after what is held for as long as anything is. */
  #tick(): void {
    this.#timer ??= setInterval(() => this.#lookAfter(), TICK_MS).unref();
  }

  #lookAfter(): void {
    const now = this.#clock.now();
    if (this.#awaySince !== undefined) {
      if (Math.abs(now - this.#probedAt) >= PROBE_MS) void this.#probe(now);
      return this.#sweep(now);
    }
    const due: Tally[] = [];
    for (const tally of this.#tallies.values()) {
      if (tally.isDue(now, LEASE_MS.atOnce / 3)) due.push(tally);
    }
    this.#ask(due);
    this.#sweep(now);
    if (Math.abs(now - this.#prunedAt) >= PRUNE_MS) {
      this.#prunedAt = now;
      this.#counters.prune(now).catch((error: unknown) => {
        this.#log.warn(
          { event: 'limits.counters.prune', err: error },
          'counts that are over could not be cleared away',
        );
      });
    }
  }

  async #probe(now: number): Promise<void> {
    this.#probedAt = now;
    try {
      await this.#counters.probe();
      this.#isBack(this.#clock.now());
    } catch {
      // Still away: it was said when it began.
    }
  }

  #sweep(now: number): void {
    const tooMany = this.#tallies.size > REMEMBERED;
    for (const [id, tally] of this.#tallies) {
      if (tally.isOver(now) || (tooMany && tally.isAtRest)) this.#tallies.delete(id);
    }
    // What is held of them counts as used.
    const excess = [...this.#tallies.keys()].slice(0, Math.max(0, this.#tallies.size - REMEMBERED * 0.9));
    if (tooMany) for (const id of excess) this.#tallies.delete(id);
    if (this.#tallies.size > 0 || this.#due.size > 0 || this.#awaySince !== undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

export interface Taken {
  readonly tallies: readonly Tally[];
  readonly refusedBy?: Tally;
  readonly retryAfterMs?: number;
}
