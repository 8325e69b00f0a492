import type { Clock } from '#kernel';
import type { Database } from '#db';
import type { Principal } from '#contract';
import { httpError } from './errors.ts';
import type { Answer } from './problem.ts';
import { findTakenKey, forgetKey, keepAnswer, takeKey, type KeyOwner } from './store/idempotency-store.ts';

/** How long a repetition gets the first answer. */
export const KEPT_MS = 24 * 3_600_000;
/** Longer than any request runs: one that began before ended without an answer, with its process. */
const LONGEST_REQUEST_MS = 5 * 60_000;

/** An answer, and what of it may be kept: one with a new key is kept without it, one about a person as their id. */
export interface Outcome {
  readonly answer: Answer;
  readonly kept: Answer;
}

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): a request that is sent
 * again under its key within 24 hours gets the answer of the first, and does nothing.
 *
 * The key is taken by an insert before the request runs, so that of requests at the same time one
 * runs, whichever process they reach. Where that one met a fault of the server, or died with its
 * process, what it did is not known, and a repetition says so: it must not be done twice.
 */
export class Idempotency {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #digest: (value: unknown) => string;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    /** Keyed: a body may hold a password that somebody could try out against a plain digest. */
    readonly digest: (value: unknown) => string;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#digest = parts.digest;
  }

  /**
   * Runs the request, or gives the answer that it had, as `again` makes it from what was kept. `request` is
   * everything that makes it this one.
   * Throws `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_IN_FLIGHT`, `IDEMPOTENCY_OUTCOME_UNKNOWN`.
   */
  async once(
    key: string,
    principal: Principal,
    request: unknown,
    run: () => Promise<Outcome>,
    again: (kept: Answer) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { db } = this.#database;
    const now = this.#clock.now();
    const owner: KeyOwner = { principal: `${principal.iss} ${principal.sub}`, key };
    const digest = this.#digest(request);
    await forgetKey(db, owner, now - KEPT_MS);
    if (!(await takeKey(db, owner, digest, now))) {
      const { status, headers, body } = await again(await this.#kept(owner, digest, now));
      return { status, headers: { ...headers, 'idempotency-replayed': 'true' }, body };
    }
    const { answer, kept } = await run();
    const body = kept.status < 500 ? (kept.body ?? null) : null;
    await keepAnswer(db, owner, { status: kept.status, headers: JSON.stringify(kept.headers), body });
    return answer;
  }

  async #kept(owner: KeyOwner, digest: string, now: number): Promise<Answer> {
    const taken = await findTakenKey(this.#database.db, owner);
    if (taken === undefined) throw inFlight();
    if (taken.request_digest !== digest) {
      throw httpError('IDEMPOTENCY_KEY_REUSED', 'the key was used with another method, path or body');
    }
    if (taken.status === null && now - taken.started_at < LONGEST_REQUEST_MS) throw inFlight();
    if (taken.status === null || taken.status >= 500) {
      throw httpError('IDEMPOTENCY_OUTCOME_UNKNOWN', 'the request with this key was begun and met a fault');
    }
    return {
      status: taken.status,
      headers: JSON.parse(taken.headers ?? '{}') as Record<string, string>,
      body: taken.body ?? undefined,
    };
  }
}

const inFlight = () =>
  httpError('IDEMPOTENCY_IN_FLIGHT', 'the first request with this key has not been answered yet', {
    details: { retryAfterSeconds: 1 },
  });

/** The key of the header: a string of RFC 9651 §3.3.3 in its quotes, or the same without them. */
export function parseIdempotencyKey(header: string): string {
  const key = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"$|^([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})$/.exec(
    header.trim(),
  );
  const found = key?.[1] ?? key?.[2];
  if (found !== undefined) return found;
  throw httpError('IDEMPOTENCY_KEY_REFUSED', 'the header `Idempotency-Key` is empty, too long, or no such text');
}
