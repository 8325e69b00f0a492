import type * as OpenidClient from 'openid-client';
import { newId, parseStrictJson, reveal, type Clock, type Secret } from '#kernel';
import type { SecretReader } from '#contract';
import { EgressClient } from '#egress';
import type { Claims } from './claims.ts';
import { clientAuthentication } from './client-authentication.ts';
import type { Authorization, AuthorizationWish, LegProof, Provider, RefreshedTokens, TokenAnswer } from './provider.ts';
import { DiscoveredMetadata } from './provider-metadata.ts';
import { readAccount, type UpstreamAccount } from './read-account.ts';
import { readTokens } from './read-tokens.ts';
import type { Upstream } from './upstream.ts';
import { upstreamFault } from './upstream-faults.ts';
import { TIMEOUT_MS, upstreamFetch } from './upstream-fetch.ts';

const JSON_HEADERS = { accept: 'application/json' };

/**
 * One upstream: every exchange that we have with it. `openid-client` does the protocol, over our own way out;
 * it is loaded by the first who needs it. Every method throws what `upstreamFault` makes of a failure.
 */
export class UpstreamProvider implements Provider {
  readonly upstream: Upstream;
  readonly #client: EgressClient;
  readonly #metadata: DiscoveredMetadata;
  readonly #secrets: SecretReader;
  readonly #clock: Clock;
  readonly #connection: string;
  #keys: OpenidClient.ExportedJWKSCache | undefined;

  constructor(upstream: Upstream, parts: { readonly secrets: SecretReader; readonly clock: Clock }) {
    this.upstream = upstream;
    this.#client = new EgressClient({ rules: upstream.egress });
    const { issuer, egress: rules } = upstream;
    this.#metadata = new DiscoveredMetadata({ issuer, client: this.#client, rules, clock: parts.clock });
    this.#secrets = parts.secrets;
    this.#clock = parts.clock;
    this.#connection = newId(parts.clock.now());
  }

  /** OpenID Connect Core §3.1.2.1. The document says what is asked for, whoever wishes otherwise. */
  authorization(proof: LegProof, request: AuthorizationWish): Promise<Authorization> {
    return this.#exchange(async (client, config) => {
      const { scopes, parameters, protocol } = this.upstream;
      const openid = protocol.kind === 'openid';
      const location = client.buildAuthorizationUrl(config, {
        // `max_age` has the provider say when it did, too (OpenID Connect Core §3.1.2.1).
        ...(openid && request.anew === true && { prompt: 'login', max_age: '0' }),
        ...parameters,
        ...(openid && protocol.requiredAcr !== undefined && { acr_values: protocol.requiredAcr.join(' ') }),
        ...(request.loginHint !== undefined && { login_hint: request.loginHint }),
        ...(scopes.length > 0 && { scope: scopes.join(' ') }),
        ...(openid && { nonce: proof.nonce }),
        redirect_uri: request.redirectUri,
        state: proof.state,
        code_challenge: await client.calculatePKCECodeChallenge(proof.verifier),
        code_challenge_method: 'S256',
      });
      return { location };
    });
  }

  /**
   * `iss` of the callback (RFC 9207) and the ID token (OpenID Connect Core §3.1.3.7: issuer, audience, authorized
   * party, nonce, time, algorithm, signature) are checked.
   */
  redeem(callback: URL, proof: LegProof): Promise<TokenAnswer> {
    return this.#exchange(async (client, config) => {
      const openid = this.upstream.protocol.kind === 'openid';
      const answer = await client.authorizationCodeGrant(config, callback, {
        expectedState: proof.state,
        pkceCodeVerifier: proof.verifier,
        ...(openid && { expectedNonce: proof.nonce, idTokenExpected: true }),
      });
      return this.#read(answer, this.upstream.scopes);
    });
  }

  account(answer: TokenAnswer): Promise<UpstreamAccount> {
    return readAccount(this, answer);
  }

  refresh(refreshToken: Secret, before: RefreshedTokens): Promise<TokenAnswer> {
    return this.#exchange(async (client, config) => {
      const answer = await client.refreshTokenGrant(config, reveal(refreshToken));
      const read = this.#read(answer, before.scopes);
      const { refreshToken: next = refreshToken, idToken = before.idToken } = read.tokens;
      return { ...read, tokens: { ...read.tokens, refreshToken: next, idToken } };
    });
  }

  revoke(token: Secret, hint: 'access_token' | 'refresh_token'): Promise<boolean> {
    return this.#exchange(async (client, config) => {
      if (config.serverMetadata().revocation_endpoint === undefined) return false;
      await client.tokenRevocation(config, reveal(token), { token_type_hint: hint });
      return true;
    });
  }

  /** The userinfo of an OpenID provider, where it has any: it must be of `subject` (§5.3.2). */
  userinfo(accessToken: Secret, subject: string): Promise<Claims | undefined> {
    return this.#exchange(async (client, config) => {
      if (config.serverMetadata().userinfo_endpoint === undefined) return undefined;
      return { ...(await client.fetchUserInfo(config, reveal(accessToken), subject)) };
    });
  }

  /** What an API of the provider says, as JSON. */
  readApi(url: string, accessToken: Secret): Promise<unknown> {
    return this.#exchange(async (client, config) => {
      const headers = new Headers(JSON_HEADERS);
      const answer = await client.fetchProtectedResource(
        config,
        reveal(accessToken),
        new URL(url),
        'GET',
        null,
        headers,
      );
      const text = Buffer.from(await answer.arrayBuffer());
      const json = answer.status === 200 ? parseStrictJson(text) : undefined;
      if (json?.ok === true) return json.value;
      throw new Error('an API answered something else', { cause: answer });
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #exchange<Value>(
    work: (client: typeof OpenidClient, config: OpenidClient.Configuration) => Promise<Value>,
  ): Promise<Value> {
    try {
      const client = await import('openid-client');
      const config = await this.#configuration(client);
      const value = await work(client, config);
      this.#keys = client.getJwksCache(config) ?? this.#keys;
      return value;
    } catch (error) {
      throw upstreamFault(error, this.upstream.name);
    }
  }

  /** Anew for each exchange, since secret, metadata and clock may be others; the keys of the provider are kept. */
  async #configuration(client: typeof OpenidClient): Promise<OpenidClient.Configuration> {
    const { client: registered, protocol, issuer } = this.upstream;
    const server =
      protocol.kind === 'openid'
        ? await this.#metadata.current()
        : {
            issuer,
            authorization_endpoint: protocol.authorizationEndpoint,
            token_endpoint: protocol.tokenEndpoint,
            ...(protocol.revocationEndpoint !== undefined && { revocation_endpoint: protocol.revocationEndpoint }),
          };
    const announced = 'jwks_uri' in server ? server.token_endpoint_auth_methods_supported : undefined;
    const authentication = await clientAuthentication(
      client,
      this.upstream,
      this.#secrets,
      this.#connection,
      announced,
    );
    const skew = Math.round((this.#clock.now() - Date.now()) / 1000);
    const config = new client.Configuration(server, registered.id, { [client.clockSkew]: skew }, authentication);
    config[client.customFetch] = upstreamFetch(this.#client);
    config.timeout = TIMEOUT_MS / 1000;
    // The signature is verified although the token came straight from the provider (§3.1.3.7, step 6).
    if (protocol.kind === 'openid') client.enableNonRepudiationChecks(config);
    // The configuration lets plain http be on this machine alone.
    if (new URL(server.token_endpoint).protocol === 'http:') client.allowInsecureRequests(config);
    if (this.#keys !== undefined) client.setJwksCache(config, this.#keys);
    return config;
  }

  #read(answer: Parameters<typeof readTokens>[0], asked: readonly string[]): TokenAnswer {
    return readTokens(answer, { asked, upstream: this.upstream.name, now: this.#clock.now() });
  }
}
