import type { CallerFace, OutgoingAuthOf } from '#contract';
import type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets } from '../outgoing-auth.ts';
import { heldClient, type HeldClient, type OutgoingAuthParts, type OutgoingSecrets } from '../parts.ts';
import type { AccessToken } from '../tokens/access-token.ts';
import { isSame, TokenCache } from '../tokens/token-cache.ts';
import { TokenEndpoint } from '../tokens/token-endpoint.ts';
import { TokenPlace } from '../tokens/token-place.ts';

type Config = OutgoingAuthOf<'clientCredentials'>;

const PLACE = new TokenPlace(undefined);

/** A token of an OAuth client that acts for nobody (RFC 6749 §4.4): one for all callers. */
export class ClientCredentials implements OutgoingAuth {
  readonly perCaller = false;
  readonly #config: Config;
  readonly #secrets: OutgoingSecrets;
  readonly #endpoint: TokenEndpoint;
  readonly #tokens: TokenCache<AccessToken>;

  constructor(config: Config, parts: OutgoingAuthParts) {
    this.#config = config;
    this.#secrets = parts.secrets;
    this.#endpoint = new TokenEndpoint(config.tokenUrl, config.clientAuthentication, parts);
    this.#tokens = new TokenCache(parts.clock);
  }

  async headers(_caller: CallerFace, _request: OutgoingRequest): Promise<SentSecrets> {
    const client = await heldClient(this.#secrets, this.#config.secret);
    const { token } = await this.#tokens.token(client.version, async () => await this.#fetch(client));
    return PLACE.put(token);
  }

  /** Revoked before its time, or the destination forgot it. */
  async refused(_caller: CallerFace, sent: SentSecrets, { status }: Refusal): Promise<boolean> {
    const refused = PLACE.find(sent);
    if (status !== 401 || refused === undefined) return false;
    const { version } = await this.#secrets.held(this.#config.secret);
    await this.#tokens.refuse(version, ({ token }) => isSame(token, refused));
    return true;
  }

  async #fetch(client: HeldClient): Promise<AccessToken> {
    const { scopes, audience, resource } = this.#config;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    if (audience !== undefined) form.set('audience', audience);
    if (resource !== undefined) form.set('resource', resource);
    return await this.#endpoint.ask(form, client);
  }
}
