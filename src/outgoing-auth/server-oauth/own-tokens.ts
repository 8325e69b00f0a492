import { upstreamOfServer, type CallerFace, type OwnServerTokens, type ProtectedServer } from '#contract';
import { reveal, Secret } from '#kernel';
import type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets } from '../outgoing-auth.ts';
import { TokenPlace } from '../tokens/token-place.ts';
import { checkDestination } from './destination.ts';

/** Our own token of the authorization server that an MCP server names: the same for every caller, and for no person. */
export class OwnTokens implements OutgoingAuth {
  readonly perCaller = false;
  readonly #server: ProtectedServer;
  readonly #upstream: string;
  readonly #tokens: OwnServerTokens;
  readonly #place = new TokenPlace(undefined);

  constructor(server: ProtectedServer, parts: { readonly tokens: OwnServerTokens }) {
    this.#server = server;
    this.#upstream = upstreamOfServer(server);
    this.#tokens = parts.tokens;
  }

  async headers(_caller: CallerFace, { url }: OutgoingRequest): Promise<SentSecrets> {
    checkDestination(this.#server, url);
    return this.#place.put(await this.#tokens.ownToken(this.#upstream));
  }

  async refused(_caller: CallerFace, sent: SentSecrets, { status }: Refusal): Promise<boolean> {
    const refused = this.#place.find(sent);
    if (refused === undefined || status !== 401) return false;
    const next = await this.#tokens.ownToken(this.#upstream, new Secret(refused));
    return reveal(next) !== refused;
  }
}
