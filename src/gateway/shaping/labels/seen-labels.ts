/**
 * What callers have seen, by label, for policies to ask (`context.seen`): who has read what strangers wrote may be
 * acting for them. Kept per caller and client, whatever session it was seen in: a new session is the agent's to open,
 * and does not make it forget. In the memory of one process: behind a balancer each knows what went through it, and a
 * restart forgets; where that matters, one process serves the caller.
 */
import type { Principal } from '#contract';
import { BoundedCache, type Clock } from '#kernel';

/** Callers that are remembered; past that the one unheard of for longest is forgotten. */
const CALLERS = 100_000;
/** Labels of one caller: more than a configuration has. */
const LABELS = 64;

export class SeenLabels {
  readonly #clock: Clock;
  readonly #forMs: number;
  /** When each label was last seen. */
  readonly #callers = new BoundedCache<string, Map<string, number>>(CALLERS);

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock;
    this.#forMs = forMs;
  }

  /** To be told before the answer is given: whoever has it has seen it. */
  saw(principal: Principal, labels: readonly string[]): void {
    if (labels.length === 0) return;
    const key = keyOf(principal);
    let seen = this.#callers.get(key);
    if (seen === undefined) this.#callers.set(key, (seen = new Map()));
    const now = this.#clock.now();
    for (const label of labels) if (seen.size < LABELS || seen.has(label)) seen.set(label, now);
  }

  /** In order, so that the same labels are the same fact. */
  of(principal: Principal): readonly string[] {
    if (this.#callers.size === 0) return NONE;
    const seen = this.#callers.get(keyOf(principal));
    if (seen === undefined) return NONE;
    // A clock that was set back makes nobody forget.
    const since = this.#clock.now() - this.#forMs;
    return [...seen].flatMap(([label, at]) => (at > since ? [label] : [])).toSorted();
  }
}

const NONE: readonly string[] = Object.freeze([]);

const keyOf = ({ iss, sub, namespace, clientId }: Principal): string =>
  JSON.stringify([iss, sub, namespace, clientId ?? null]);
