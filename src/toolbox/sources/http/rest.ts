import type { EgressResponse } from '#egress';
import { toolboxError } from '../../errors.ts';

/** An API that says "next year" is believed for an hour. */
const LONGEST_MS = 3_600_000;

/**
 * When an API says that it has had enough (429, or 503 with `Retry-After`), the tool rests until then: whoever asks
 * on is answered worse, or not at all any more. Of this process; each replica learns it from its own first answer.
 */
export class Rest {
  readonly #tool: string;
  /** On a clock that nobody sets. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(tool: string) {
    this.#tool = tool;
  }

  /** Throws `TOOL_RESTING` until the moment that the API named. */
  check(): void {
    const leftMs = this.#until - performance.now();
    if (leftMs > 0) throw this.#resting(leftMs);
  }

  /** Looks whether the answer asks for a rest; throws `TOOL_RESTING` where it does. */
  heed({ status, headers }: Pick<EgressResponse, 'status' | 'headers'>): void {
    if (status !== 429 && status !== 503) return;
    const waitMs = retryAfterMs(headers['retry-after'], Date.parse(headers['date'] ?? ''));
    if (waitMs === undefined) return;
    this.#until = performance.now() + waitMs;
    throw this.#resting(waitMs);
  }

  #resting(leftMs: number): Error {
    const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    return toolboxError(
      'TOOL_RESTING',
      `the API behind \`${this.#tool}\` takes no requests now; try again in ${retryAfterSeconds} s`,
      { details: { retryAfterSeconds } },
    );
  }
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds, or a moment, which is measured by the clock of who says it. */
function retryAfterMs(value: string | undefined, sentAt: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - sentAt;
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.min(ms, LONGEST_MS);
}
