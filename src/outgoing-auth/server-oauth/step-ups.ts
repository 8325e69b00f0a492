import { BoundedCache, reveal, sha256, type Clock, type Secret } from '#kernel';

const WINDOW_MS = 10 * 60_000;
/** Consents that a person may be sent to by one server in a window, beyond the first. */
const MOST = 3;
const CONTEXTS = 10_000;

interface Counted {
  readonly since: number;
  readonly tokens: ReadonlySet<string>;
}

/**
 * How often a person is sent to consent again: a server that refuses whatever it is given must not have them consent
 * without end (MCP authorization, step-up). What counts is a token that was given and did not do: who only calls
 * again before they have consented uses nothing up.
 */
export class StepUps {
  readonly #clock: Clock;
  readonly #counted = new BoundedCache<string, Counted>(CONTEXTS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether whoever got that token may be sent once more. */
  admits(context: string, refused: Secret): boolean {
    const now = this.#clock.now();
    const before = this.#counted.get(context);
    const isOver = before === undefined || Math.abs(now - before.since) >= WINDOW_MS;
    const digest = sha256(reveal(refused)).toString('base64url');
    const tokens = new Set([...(isOver ? [] : before.tokens), digest]);
    if (tokens.size > MOST) return false;
    this.#counted.set(context, { since: isOver ? now : before.since, tokens });
    return true;
  }
}
