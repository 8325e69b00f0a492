import type { CallerFace, UpstreamAccessToken } from '#contract';
import { sha256Hex, reveal, type Clock } from '#kernel';
import type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets } from '../outgoing-auth.ts';
import { endingWith, type AccessToken } from '../tokens/access-token.ts';
import { callerToken } from '../tokens/caller-token.ts';
import { isSame, TokenCache } from '../tokens/token-cache.ts';
import { TokenPlace } from '../tokens/token-place.ts';

/** Whose token is exchanged, and where the one that is had for it stands. */
export interface PerCallerConfig {
  readonly upstream: string;
  /** Which token of the caller's is the subject; the access token unless said. */
  readonly subject?: 'id_token' | undefined;
  readonly name?: string | undefined;
}

/** Gives what the destination takes, for what the caller has. */
export type Exchange = (subject: UpstreamAccessToken) => Promise<AccessToken>;

/**
 * A token of the caller that was exchanged for one of the destination's. It is kept for the sign-in of the caller and
 * for the very token that it was had for, and no longer than either lives. The grant is asked for at every request:
 * an account that was disconnected, or another that was linked in its place, is not served from memory.
 */
export class PerCallerToken implements OutgoingAuth {
  readonly perCaller = true;
  readonly #config: PerCallerConfig;
  readonly #exchange: Exchange;
  readonly #place: TokenPlace;
  readonly #tokens: TokenCache<AccessToken>;
  readonly #clock: Clock;

  constructor(config: PerCallerConfig, exchange: Exchange, clock: Clock) {
    this.#config = config;
    this.#exchange = exchange;
    this.#place = new TokenPlace(config.name);
    this.#tokens = new TokenCache(clock);
    this.#clock = clock;
  }

  async headers(caller: CallerFace, _request: OutgoingRequest): Promise<SentSecrets> {
    const subject = await this.#subject(caller);
    const { expiresInSeconds } = subject;
    const endsAt = expiresInSeconds === undefined ? Infinity : this.#clock.now() + expiresInSeconds * 1000;
    const fetch = async (): Promise<AccessToken> => endingWith(await this.#exchange(subject), endsAt);
    const { token } = await this.#tokens.token(keyOf(caller, subject), fetch);
    return this.#place.put(token);
  }

  async refused(caller: CallerFace, sent: SentSecrets, { status }: Refusal): Promise<boolean> {
    const refused = this.#place.find(sent);
    if (status !== 401 || refused === undefined) return false;
    const subject = await this.#subject(caller);
    await this.#tokens.refuse(keyOf(caller, subject), ({ token }) => isSame(token, refused));
    return true;
  }

  async #subject(caller: CallerFace): Promise<UpstreamAccessToken> {
    return await callerToken(caller, this.#config.upstream, this.#config.subject);
  }
}

const keyOf = ({ context }: CallerFace, { accessToken }: UpstreamAccessToken): string =>
  `${context} ${sha256Hex(reveal(accessToken))}`;
