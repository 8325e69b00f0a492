import type { CallerFace, OutgoingAuthOf } from '#contract';
import { reveal, Secret } from '#kernel';
import type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets } from '../outgoing-auth.ts';
import { callerToken } from '../tokens/caller-token.ts';
import { TokenPlace } from '../tokens/token-place.ts';

/**
 * The caller's own access token at an identity provider. Nothing is kept here: whoever keeps grants answers from what
 * they keep, and a sign-out or an account that was disconnected holds for the next request.
 */
export class UpstreamToken implements OutgoingAuth {
  readonly perCaller = true;
  readonly #upstream: string;
  readonly #place: TokenPlace;

  constructor({ upstream, name }: OutgoingAuthOf<'upstream'>) {
    this.#upstream = upstream;
    this.#place = new TokenPlace(name);
  }

  async headers(caller: CallerFace, _request: OutgoingRequest): Promise<SentSecrets> {
    const { accessToken } = await callerToken(caller, this.#upstream);
    return this.#place.put(accessToken);
  }

  /** Asks for another. Where there is none any more, the next try says what the person is to do. */
  async refused(caller: CallerFace, sent: SentSecrets, { status }: Refusal): Promise<boolean> {
    const refused = this.#place.find(sent);
    if (status !== 401 || refused === undefined) return false;
    const next = await caller.upstreamToken(this.#upstream, { refused: new Secret(refused) });
    return !next.ok || reveal(next.value.accessToken) !== refused;
  }
}
