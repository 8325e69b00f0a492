import { formatDuration, type Clock } from '#kernel';
import type { Decision } from '#policy';
import type { Admission, CallLimits, JudgedCall, Spent } from '../steps.ts';
import { limitError } from './errors.ts';
import type { LimitBook } from './limit-book.ts';
import type { Meter, Taken } from './meter.ts';
import { rateLimitFields } from './rate-limit-fields.ts';
import { limitText, type LimitRule } from './rule.ts';
import type { Tally } from './tally.ts';
import { WantsBook } from './wants-book.ts';

/** What is counted of refusals: which limit, and by what it counts. */
export type LimitObserver = (refused: { readonly limit: string; readonly per: string }) => void;

const UNLIMITED: Admission = Object.freeze({ headers: Object.freeze([]), charges: false, leave: () => undefined });

/** Lets calls in as far as every limit about them has room: all of them, or none is charged. */
export class MeteredCalls implements CallLimits {
  readonly #book: LimitBook;
  readonly #meter: Meter;
  readonly #clock: Clock;
  readonly #refused: LimitObserver;
  readonly #wants = new WantsBook();

  constructor(parts: {
    readonly book: LimitBook;
    readonly meter: Meter;
    readonly clock: Clock;
    readonly refused: LimitObserver;
  }) {
    this.#book = parts.book;
    this.#meter = parts.meter;
    this.#clock = parts.clock;
    this.#refused = parts.refused;
  }

  enter(call: JudgedCall, decision: Decision): Admission | Promise<Admission> {
    const rules = this.#book.about(call.tool, call.toolsets);
    if (rules instanceof Promise) return rules.then((read) => this.#enter(read, call, decision));
    return this.#enter(rules, call, decision);
  }

  #enter(rules: readonly LimitRule[], call: JudgedCall, decision: Decision): Admission | Promise<Admission> {
    if (rules.length === 0 && decision.obligations.limits.length === 0) return UNLIMITED;
    const wants = this.#wants.of(rules, call, decision);
    if (wants.length === 0) return UNLIMITED;
    const taken = this.#meter.take(wants);
    return taken instanceof Promise ? taken.then((one) => this.#admission(one)) : this.#admission(taken);
  }

  #admission({ tallies, refusedBy, retryAfterMs = 1000 }: Taken): Admission {
    if (refusedBy === undefined) return new MeteredCall(tallies, this.#meter, this.#clock);
    const { measure, endsAt } = refusedBy;
    this.#refused({ limit: measure.limit, per: measure.per });
    const retryAfterSeconds = Math.ceil(retryAfterMs / 1000);
    const when =
      endsAt === undefined ? 'try again when one of them has ended' : `try again in ${formatDuration(retryAfterMs)}`;
    throw limitError(
      'LIMIT_EXCEEDED',
      `the limit \`${measure.limit}\` is used up: ${limitText(measure)} for each ${measure.per.replaceAll('+', ' and ')}; ${when}`,
      {
        details: {
          retryAfterSeconds,
          limit: measure.limit,
          per: measure.per,
          whose: measure.whose,
          headers: rateLimitFields([refusedBy], this.#clock.now()),
        },
      },
    );
  }
}

class MeteredCall implements Admission {
  readonly #tallies: readonly Tally[];
  readonly #meter: Meter;
  readonly #clock: Clock;
  #isOver = false;

  constructor(tallies: readonly Tally[], meter: Meter, clock: Clock) {
    this.#tallies = tallies;
    this.#meter = meter;
    this.#clock = clock;
  }

  get charges(): boolean {
    return this.#tallies.some(({ measure }) => measure.unit === 'rows' || measure.unit === 'bytes');
  }

  get headers(): readonly string[] {
    return rateLimitFields(this.#tallies, this.#clock.now());
  }

  leave(spent: Spent): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#meter.leave(this.#tallies, spent);
  }
}
