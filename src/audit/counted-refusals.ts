import type { AuditEvent, AuditTrail } from '#contract';
import { BoundedCache, type Clock } from '#kernel';

/** How many refusals of one minute are recorded one by one: of one origin, and of all. */
export interface RefusalLimits {
  readonly fromOne: number;
  readonly fromAll: number;
}

export const REFUSAL_LIMITS: RefusalLimits = { fromOne: 30, fromAll: 600 };

/**
 * The record that stands for refusals which were only counted, without their number. Those of one `of` are
 * counted together: there must be as few of them as there are callers that one knows.
 */
export interface CountedAs {
  readonly of: string;
  readonly event: Pick<AuditEvent, 'class' | 'type' | 'door' | 'actor' | 'action'>;
}

interface Counted {
  readonly as: CountedAs;
  refusals: number;
}

interface Minute {
  readonly since: number;
  recorded: number;
  readonly byOrigin: BoundedCache<string, number>;
  readonly counted: Map<string, Counted>;
}

const MINUTE_MS = 60_000;
const ORIGINS_KEPT = 10_000;

const newMinute = (since: number): Minute => ({
  since,
  recorded: 0,
  byOrigin: new BoundedCache(ORIGINS_KEPT),
  counted: new Map(),
});

/**
 * Puts refusals on record. Whoever sends a flood of what is refused must fill neither the disk nor the log
 * with it: past a number in a minute refusals are counted, and one record says how many there were, so
 * that none is lost and no flood goes unseen.
 */
export class CountedRefusals {
  readonly #trail: AuditTrail;
  readonly #clock: Clock;
  readonly #limits: RefusalLimits;
  #minute = newMinute(Number.NEGATIVE_INFINITY);
  #timer: NodeJS.Timeout | undefined;

  constructor(trail: AuditTrail, clock: Clock, limits: RefusalLimits = REFUSAL_LIMITS) {
    this.#trail = trail;
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Resolves when the refusal is on record, or counted for the record of its minute. `origin` is what the
   * limit of one holds for. Rejects as the trail does.
   */
  async record(event: AuditEvent, origin: string, as: CountedAs): Promise<void> {
    const now = this.#clock.now();
    if (Math.abs(now - this.#minute.since) >= MINUTE_MS) {
      const past = this.#minute;
      this.#minute = newMinute(now);
      await this.#writeCounted(past);
    }
    const minute = this.#minute;
    const fromOne = (minute.byOrigin.get(origin) ?? 0) + 1;
    minute.byOrigin.set(origin, fromOne);
    if (fromOne > this.#limits.fromOne || minute.recorded >= this.#limits.fromAll) {
      count(minute, as, 1);
      this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), MINUTE_MS).unref();
      return;
    }
    minute.recorded++;
    await this.#trail.append(event);
  }

  /** Writes what was only counted so far; rejects as the trail does, and then goes on counting. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writeCounted(this.#minute);
  }

  async #writeCounted(minute: Minute): Promise<void> {
    const { since } = minute;
    for (const [of, { as, refusals }] of minute.counted) {
      minute.counted.delete(of);
      try {
        await this.#trail.append({
          ...as.event,
          decision: 'forbid',
          outcome: 'denied',
          details: { refusals, since: new Date(since).toISOString() },
        });
      } catch (error) {
        // What is left of a minute that is past would be nobody's: it goes on in the one of now.
        count(this.#minute, as, refusals);
        for (const left of minute === this.#minute ? [] : minute.counted.values())
          count(this.#minute, left.as, left.refusals);
        throw error;
      }
    }
  }
}

function count({ counted }: Minute, as: CountedAs, refusals: number): void {
  const known = counted.get(as.of);
  if (known === undefined) counted.set(as.of, { as, refusals });
  else known.refusals += refusals;
}
