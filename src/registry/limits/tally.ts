import type { LimitUnit } from '#contract';
import { keptFor, LEAST_KEPT_MS, type Ask, type Granted } from './counters/settle.ts';

/** One count: of what, for whom, how much and for how long. Windows begin at multiples of their length (UTC). */
export interface Measure {
  /** The count without its window. */
  readonly id: string;
  readonly unit: LimitUnit;
  readonly most: number;
  readonly everyMs: number | undefined;
  /** What it is called towards callers. */
  readonly name: string;
  /** For people: the limit, and whose count it is. */
  readonly limit: string;
  readonly per: string;
  readonly whose: string;
}

interface Waiting {
  readonly amount: number;
  readonly until: number;
  readonly resolve: (taken: boolean) => void;
}

/** What is known of rows and bytes is good for so long, while the limit is far. */
const KNOWN_MS = 1000;
/** Near the limit everybody asks before they begin. */
const NEAR = 0.8;
const LEAST_BLOCK = 4;
/** What nobody notices of what is left: of it a block has some permits more, so that new callers do not soon come again. */
const UNNOTICED = 1000;
const FIRST_BLOCK = 32;
/**
 * Blocks are kept for so long at most, where the limit is far. What a call costs may be a thousand million, so of cost
 * nobody knows how soon the others use up what is left.
 */
const KEPT_MS = 60_000;

/** What this process knows of a count, and what it holds of it, in one window. */
export class Tally {
  #measure: Measure;
  readonly endsAt: number | undefined;
  readonly waiting: Waiting[] = [];
  /** How many of those, the first, the counters were asked for; who came later has not been refused by anybody. */
  askedFor = 0;
  /** Used without a permit and not told yet. */
  charge = 0;
  /** Whether those who wait for others are to be asked for again. */
  isAskedAgain = false;
  /** Permits of the block that nobody used; of what runs, places of this process in all. */
  #held = 0;
  /** What the counters take this process to hold. */
  #lent = 0;
  #running = 0;
  /** Used since the block was taken. */
  #used = 0;
  /** Used by this process in the window. */
  #own = 0;
  /** As the counters said last. */
  #taken = 0;
  #elsewhere = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #refused = { from: Infinity, until: Number.NEGATIVE_INFINITY };
  #isAsking = false;
  #sparesNothing = false;

  constructor(measure: Measure, now: number) {
    this.#measure = measure;
    const { everyMs } = measure;
    this.endsAt = everyMs === undefined ? undefined : (Math.floor(now / everyMs) + 1) * everyMs;
  }

  get measure(): Measure {
    return this.#measure;
  }

  /** The figure may become another in the midst of a window. */
  measuresBy(measure: Measure): void {
    if (measure.most > this.#measure.most) this.#refused.until = Number.NEGATIVE_INFINITY;
    this.#measure = measure;
  }

  /** Whether its window is that of now. */
  isNow(now: number): boolean {
    const { everyMs } = this.measure;
    return everyMs === undefined || this.endsAt === (Math.floor(now / everyMs) + 1) * everyMs;
  }

  get key(): string {
    return `${this.measure.id}|${this.endsAt ?? 'now'}`;
  }

  get elsewhere(): number {
    return this.#elsewhere;
  }

  /** How much of the limit is left, as far as this process knows. */
  get left(): number {
    const { most } = this.measure;
    if (this.endsAt === undefined) return Math.max(0, most - this.#elsewhere - this.#running);
    return Math.max(0, most - this.#taken - this.charge + (this.#isCharged ? 0 : this.#held));
  }

  /** Whether the counters are to hear something. */
  get holds(): boolean {
    if (this.charge > 0 || this.#lent > 0) return true;
    return this.endsAt === undefined ? this.#held !== this.#running : this.#held > 0;
  }

  get isAtRest(): boolean {
    const isIdle = this.#held === 0 && this.charge === 0 && this.#running === 0;
    return isIdle && this.waiting.length === 0 && !this.#isAsking;
  }

  isOver(now: number): boolean {
    return this.endsAt === undefined
      ? this.isAtRest
      : this.endsAt <= now && this.waiting.length === 0 && !this.#isAsking;
  }

  /** Rows and bytes are known when a call is over. */
  get #isCharged(): boolean {
    return this.measure.unit === 'rows' || this.measure.unit === 'bytes';
  }

  /** Takes, or refuses, by what is known here; undefined where the counters have to be asked. */
  tryTake(amount: number, now: number): boolean | undefined {
    if (this.#isCharged) return this.#mayBegin(amount, now);
    if (!this.#isAsking && this.waiting.length === 0 && this.#room >= amount) return this.takeNow(amount);
    return this.#isRefused(amount, now) ? false : undefined;
  }

  #mayBegin(amount: number, now: number): boolean | undefined {
    const { most } = this.measure;
    const known = this.#taken + this.charge;
    const age = now - this.#toldAt;
    if (known >= most) return this.#isRefused(amount, now) ? false : undefined;
    return known < NEAR * most && age >= 0 && age < KNOWN_MS ? true : undefined;
  }

  get #room(): number {
    return this.endsAt === undefined ? this.#held - this.#running : this.#held;
  }

  /** Takes of what is held; false where that is too little. */
  takeNow(amount: number): boolean {
    if (this.#isCharged) return this.#taken + this.charge < this.measure.most;
    if (this.#room < amount) return false;
    if (this.endsAt === undefined) this.#running += amount;
    else {
      this.#held -= amount;
      this.#own += amount;
    }
    this.#used += amount;
    return true;
  }

  /**
   * While the counters are away: of what is held, then of a share of the limit that is this process's own. What it
   * used before counts against that, and so does all that is known to be taken.
   */
  takeShare(amount: number, replicas: number): boolean {
    const share = Math.floor(this.measure.most / replicas);
    if (this.#isCharged) return this.#own < share && this.#taken + this.charge < this.measure.most;
    if (this.endsAt === undefined) {
      if (this.#running + amount > share) return false;
      this.#running += amount;
      return true;
    }
    if (this.takeNow(amount)) return true;
    if (this.#own + amount > share || this.#taken + this.charge + amount > this.measure.most) return false;
    this.#own += amount;
    this.charge += amount;
    return true;
  }

  /** The call was refused by another limit. */
  putBack(amount: number): void {
    if (this.#isCharged) return;
    if (this.endsAt === undefined) this.#running -= amount;
    else {
      this.#held += amount;
      this.#own -= amount;
    }
    this.#used -= amount;
    this.#refused.until = Number.NEGATIVE_INFINITY;
  }

  leave({ rows, bytes }: { readonly rows: number; readonly bytes: number }): void {
    const { unit } = this.measure;
    if (unit === 'at once') {
      this.#running--;
      this.#refused.until = Number.NEGATIVE_INFINITY;
    }
    if (!this.#isCharged) return;
    const amount = unit === 'rows' ? rows : bytes;
    this.charge += amount;
    this.#own += amount;
  }

  /** Whoever wants as much as that is not asked for until then. */
  refuse(from: number, until: number): void {
    this.#refused = { from, until };
  }

  #isRefused(amount: number, now: number): boolean {
    return amount >= this.#refused.from && now < this.#refused.until;
  }

  /** Whether the counters have to hear of it. */
  isDue(now: number, renewMs: number): boolean {
    if (this.#isAsking) return false;
    const age = Math.abs(now - this.#toldAt);
    if (this.charge > 0) return true;
    if (this.endsAt === undefined)
      return (this.#held !== this.#running && age >= LEAST_KEPT_MS) || (this.#held > 0 && age >= renewMs);
    if (this.#lent === 0) return false;
    const kept = keptFor(this.measure.most - this.#taken, this.#keep);
    // Before it is used up, while nobody waits: far from the limit a block more is nobody's loss.
    return age >= kept || (kept > LEAST_KEPT_MS && this.#held < this.#used / 2);
  }

  get #keep(): number {
    return this.measure.unit === 'cost' ? LEAST_KEPT_MS : KEPT_MS;
  }

  spareNothing(): void {
    this.#sparesNothing = true;
  }

  /** What is asked for those who wait, with as much as was used of the last block. */
  askForAll(): Ask {
    this.askedFor = this.waiting.length;
    const need = this.waiting.reduce((sum, { amount }) => sum + amount, 0);
    const isIdle = need === 0 && this.#used === 0;
    const first = Math.min(FIRST_BLOCK, Math.floor(this.left / UNNOTICED));
    return this.ask(need, this.#sparesNothing || isIdle ? 0 : Math.max(LEAST_BLOCK, first, 2 * this.#used));
  }

  ask(need: number, spare: number): Ask {
    const { most } = this.measure;
    const { key, endsAt } = this;
    const keep = this.#keep;
    this.#isAsking = true;
    const charge = this.charge;
    this.charge = 0;
    this.#taken += charge;
    if (this.#isCharged) return { key, most, endsAt, unused: 0, charge, need: 0, spare: 0, keep };
    const isAtOnce = endsAt === undefined;
    const unused = isAtOnce ? 0 : this.#held;
    if (!isAtOnce) this.#held = 0;
    this.#used = 0;
    return { key, most, endsAt, unused, charge, need: isAtOnce ? this.#running + need : need, spare, keep };
  }

  told({ granted, taken, elsewhere }: Granted, now: number): void {
    this.#isAsking = false;
    this.#toldAt = now;
    this.#taken = taken;
    this.#elsewhere = elsewhere;
    if (this.#isCharged) return;
    this.#lent = granted;
    if (this.endsAt === undefined) this.#held = granted;
    else this.#held += granted;
  }

  /** Nobody knows whether the counters heard it: what was given back counts as used, what was charged is told again. */
  untold({ charge }: Ask): void {
    this.#isAsking = false;
    this.#taken -= charge;
    this.charge += charge;
  }
}
