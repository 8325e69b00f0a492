import { BoundedCache, reveal, sha256Hex, type Secret, type Clock, type Result } from '#kernel';
import type { GrantRefusal, GrantSource, UpstreamAccessToken, UpstreamTokenRequest } from '#contract';

/**
 * The longest that a token is given again without asking, in milliseconds: so long a session that has ended elsewhere
 * goes on here at most (INT-020).
 */
export const CACHE_CEILING_MS = 30_000;

export interface CachedGrantsOptions {
  readonly source: GrantSource;
  readonly clock: Clock;
  /** How many tokens are kept; the one that was longest not asked for goes first. */
  readonly most?: number;
  /** Told of each token that is given again without asking. */
  readonly recalled?: () => void;
}

interface Kept {
  readonly token: UpstreamAccessToken;
  readonly until: number;
  /** When the token of the provider ends, in milliseconds since 1970. */
  readonly endsAt: number | undefined;
}

type Answer = Result<UpstreamAccessToken, GrantRefusal>;

/** Being asked of the source. */
interface Question {
  answer?: Promise<Answer>;
}

const MOST = 10_000;
/** On its way to the back end a token must not end. */
const SPARE_MS = 5_000;

/**
 * Remembers tokens that a source gave, in memory alone and bounded: by their number, by the end of either token, and by
 * a ceiling. The key is the hash of the whole subject token, which the source has verified before anything is kept,
 * with owner and upstream: so person, issuer, session, resource and scope are in it, and nothing that a caller could
 * choose otherwise (INT-022). Refusals are not kept.
 */
export class CachedGrants implements GrantSource {
  readonly #source: GrantSource;
  readonly #clock: Clock;
  readonly #recalled: (() => void) | undefined;
  readonly #kept: BoundedCache<string, Kept>;
  readonly #asking = new Map<string, Question>();

  constructor({ source, clock, most = MOST, recalled }: CachedGrantsOptions) {
    this.#source = source;
    this.#recalled = recalled;
    this.#clock = clock;
    this.#kept = new BoundedCache(most);
  }

  /** How many tokens are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * As the source does; of several that ask for the same at once one asks it. A token that an API refused is forgotten
   * first, and no other in its place: of a hundred calls that meet the same refusal one asks.
   */
  async upstreamToken(request: UpstreamTokenRequest): Promise<Answer> {
    const key = keyOf(request);
    const { refused } = request;
    if (refused !== undefined && this.#keeps(key, refused)) this.evict(request);
    const kept = this.#recall(key);
    if (kept !== undefined) {
      this.#recalled?.();
      return kept;
    }
    const running = this.#asking.get(key)?.answer;
    if (running !== undefined) return await running;
    const question: Question = {};
    this.#asking.set(key, question);
    question.answer = this.#ask(key, request, question);
    try {
      return await question.answer;
    } finally {
      if (this.#asking.get(key) === question) this.#asking.delete(key);
    }
  }

  /** The back end has said 401: what is kept is of no use, and what is being asked for is not kept either. */
  evict(request: UpstreamTokenRequest): void {
    const key = keyOf(request);
    this.#kept.delete(key);
    this.#asking.delete(key);
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept.clear();
    this.#asking.clear();
  }

  #keeps(key: string, token: Secret): boolean {
    const kept = this.#kept.get(key);
    return kept !== undefined && reveal(kept.token.accessToken) === reveal(token);
  }

  #recall(key: string): Answer | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const now = this.#clock.now();
    // A clock that was set back must not make it last longer.
    if (now >= kept.until || now < kept.until - CACHE_CEILING_MS) {
      this.#kept.delete(key);
      return undefined;
    }
    const expiresInSeconds = kept.endsAt === undefined ? undefined : Math.floor((kept.endsAt - now) / 1000);
    return { ok: true, value: { ...kept.token, expiresInSeconds } };
  }

  async #ask(key: string, request: UpstreamTokenRequest, question: Question): Promise<Answer> {
    // Before it asks: what ended while it was asked must not be kept for longer than the ceiling.
    const now = this.#clock.now();
    const answer = await this.#source.upstreamToken(request);
    if (!answer.ok || this.#asking.get(key) !== question) return answer;
    const token = answer.value;
    const { expiresInSeconds } = token;
    const endsAt = expiresInSeconds === undefined ? undefined : now + expiresInSeconds * 1000;
    const subjectEndsAt = endOf(request.subjectToken);
    if (subjectEndsAt === undefined) return answer;
    const until = Math.min(now + CACHE_CEILING_MS, subjectEndsAt, (endsAt ?? Number.POSITIVE_INFINITY) - SPARE_MS);
    if (until > now) this.#kept.set(key, { token, until, endsAt });
    return answer;
  }
}

/** Texts of which none can run into the next. */
const keyOf = ({ subjectToken, owner, upstream, wanted }: UpstreamTokenRequest): string =>
  sha256Hex(JSON.stringify([reveal(subjectToken), owner, upstream, wanted ?? null]));

/** The `exp` of a token that the source has verified, in milliseconds since 1970; what has none is not kept. */
function endOf(token: Secret): number | undefined {
  try {
    const payload = Buffer.from(reveal(token).split('.')[1] ?? '', 'base64url').toString();
    const { exp } = JSON.parse(payload) as { readonly exp?: unknown };
    return typeof exp === 'number' && Number.isSafeInteger(exp) ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
