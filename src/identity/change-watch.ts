import type { ChangeFeed } from '#db';

/** Well inside the second within which a revocation elsewhere must hold here. */
const NOTICE_INTERVAL_MS = 250;

/**
 * For whoever keeps copies: forgets them when another process changed something. Looked at on use, at most
 * every 250 ms, so that an idle server does nothing. While the feed cannot say whether anything changed,
 * nothing that was remembered stays, from one use to the next.
 */
export class ChangeWatch {
  readonly #feed: ChangeFeed;
  readonly #forget: () => void;
  #noticedAt = Number.NEGATIVE_INFINITY;
  #version: bigint | 'unknown' = 'unknown';

  constructor(feed: ChangeFeed, forget: () => void) {
    this.#feed = feed;
    this.#forget = forget;
  }

  /** Looks, when the last look was long enough ago. */
  look(now: number): void {
    // The distance and not the difference: a clock set back must not stop the looking.
    if (this.#version !== 'unknown' && Math.abs(now - this.#noticedAt) < NOTICE_INTERVAL_MS) return;
    const version = this.#feed.version();
    if (version === 'unknown' || version !== this.#version) this.#forget();
    this.#version = version;
    this.#noticedAt = now;
  }
}
