import type * as OpenidClient from 'openid-client';
import { z } from 'zod';
import { ChatelaineError, newId, reveal, type Clock, type Secret } from '#kernel';
import { upstreamOfServer, type ProtectedServer, type SecretReader } from '#contract';
import { EgressClient, egressRulesOf } from '#egress';
import { clientAuthentication } from '../client-authentication.ts';
import { upstreamError } from '../errors.ts';
import type {
  Authorization,
  AuthorizationWish,
  LegProof,
  Provider,
  RefreshedTokens,
  TokenAnswer,
  UpstreamTokens,
} from '../provider.ts';
import type { UpstreamAccount } from '../read-account.ts';
import { readTokens } from '../read-tokens.ts';
import { upstreamFault } from '../upstream-faults.ts';
import { TIMEOUT_MS, upstreamFetch } from '../upstream-fetch.ts';
import { clientIdentity, type ClientIdentity } from './client-identity.ts';
import { ServerDiscovery, type Discovered } from './discovery.ts';
import { OwnToken } from './own-token.ts';
import type { RegisteredClients } from './registered-clients.ts';
import { scopesToAsk } from './scopes.ts';

export interface ServerProviderParts {
  readonly secrets: SecretReader;
  readonly clock: Clock;
  readonly clients: RegisteredClients;
  readonly publicUrl: URL;
}

/** What a code was asked for with: it is redeemed with the same, or not at all. */
const noteSchema = z.strictObject({
  issuer: z.string(),
  clientId: z.string(),
  resource: z.string().optional(),
  scopes: z.array(z.string()),
});

interface Exchange {
  readonly client: typeof OpenidClient;
  readonly config: OpenidClient.Configuration;
  readonly found: Discovered;
  readonly identity: ClientIdentity;
}

/**
 * The authorization server of one MCP server, as that server names it now: every exchange with it. What it gave is
 * kept under the URL of the server, whoever gave it; `givenBy` says who, and nobody else is shown it again.
 */
export class ServerProvider implements Provider {
  readonly upstream: Provider['upstream'];
  readonly #server: ProtectedServer;
  readonly #parts: ServerProviderParts;
  readonly #egress: EgressClient;
  readonly #discovery: ServerDiscovery;
  readonly #connection: string;
  readonly #own: OwnToken;

  constructor(server: ProtectedServer, parts: ServerProviderParts) {
    this.upstream = { name: upstreamOfServer(server), issuer: server.url };
    this.#server = server;
    this.#parts = parts;
    this.#egress = new EgressClient({ rules: egressRulesOf(server.reach) });
    this.#discovery = new ServerDiscovery({ server, client: this.#egress, clock: parts.clock });
    this.#connection = newId(parts.clock.now());
    this.#own = new OwnToken(parts.clock, () => this.#fetchOwn());
  }

  authorization(proof: LegProof, { redirectUri, scopes: wanted }: AuthorizationWish): Promise<Authorization> {
    return this.#exchange(async ({ client, config, found, identity }) => {
      const { resource, challenged, supported, authorizationServer } = found;
      const { scopes_supported: announced, issuer } = authorizationServer;
      const scopes = scopesToAsk({ configured: this.#server.auth.scopes, wanted, challenged, supported, announced });
      const location = client.buildAuthorizationUrl(config, {
        ...(scopes.length > 0 && { scope: scopes.join(' ') }),
        // OpenID Connect Core §11: without it, offline access is not given.
        ...(scopes.includes('offline_access') && { prompt: 'consent' }),
        ...(resource !== undefined && { resource }),
        redirect_uri: redirectUri,
        state: proof.state,
        code_challenge: await client.calculatePKCECodeChallenge(proof.verifier),
        code_challenge_method: 'S256',
      });
      const note: z.output<typeof noteSchema> = { issuer, clientId: identity.client.id, resource, scopes: [...scopes] };
      return { location, note: JSON.stringify(note) };
    });
  }

  redeem(callback: URL, proof: LegProof, note: string | undefined): Promise<TokenAnswer> {
    const asked = noteSchema.parse(JSON.parse(note ?? 'null'));
    return this.#exchange(async ({ client, config, found, identity }) => {
      // A server that names another issuer meanwhile must not get a code of the one before (RFC 9700 §4.4).
      if (found.authorizationServer.issuer !== asked.issuer || identity.client.id !== asked.clientId)
        throw upstreamError('LEG_OTHER_UPSTREAM', 'the MCP server names another authorization server than was asked');
      const { resource, scopes } = asked;
      const answer = await client.authorizationCodeGrant(
        config,
        callback,
        { expectedState: proof.state, pkceCodeVerifier: proof.verifier },
        { ...(resource !== undefined && { resource }) },
      );
      return this.#read(answer, scopes, asked.issuer);
    });
  }

  /** It says of nobody who they are: each linking is of an account of its own. */
  account(): Promise<UpstreamAccount> {
    const subject = newId(this.#parts.clock.now());
    const identity = { issuer: this.upstream.issuer, subject };
    return Promise.resolve({ identity, isNameless: true, acr: undefined, amr: [], authTime: undefined });
  }

  refresh(refreshToken: Secret, before: RefreshedTokens): Promise<TokenAnswer> {
    return this.#exchange(async ({ client, config, found }) => {
      const { authorizationServer, resource } = found;
      if (before.givenBy !== authorizationServer.issuer)
        throw upstreamError('UPSTREAM_GRANT_ENDED', 'the MCP server names another authorization server than gave it');
      const parameters = { ...(resource !== undefined && { resource }) };
      const answer = await client.refreshTokenGrant(config, reveal(refreshToken), parameters);
      const read = this.#read(answer, before.scopes, authorizationServer.issuer);
      const { refreshToken: next = refreshToken } = read.tokens;
      return { ...read, tokens: { ...read.tokens, refreshToken: next } };
    });
  }

  revoke(token: Secret, hint: 'access_token' | 'refresh_token', givenBy: string | undefined): Promise<boolean> {
    return this.#exchange(async ({ client, config }) => {
      const { issuer, revocation_endpoint: endpoint } = config.serverMetadata();
      if (endpoint === undefined || issuer !== givenBy) return false;
      await client.tokenRevocation(config, reveal(token), { token_type_hint: hint });
      return true;
    });
  }

  /** A token of our own (RFC 6749 §4.4); another than `refused`. */
  own(refused: Secret | undefined): Promise<Secret> {
    return this.#own.token(refused);
  }

  async close(): Promise<void> {
    await this.#egress.close();
  }

  async #fetchOwn(): Promise<UpstreamTokens> {
    const { tokens } = await this.#exchange(async ({ client, config, found }) => {
      const { challenged, supported, resource, authorizationServer } = found;
      const { scopes: configured } = this.#server.auth;
      const scopes = scopesToAsk({ configured, wanted: undefined, challenged, supported, announced: undefined });
      const answer = await client.clientCredentialsGrant(config, {
        ...(scopes.length > 0 && { scope: scopes.join(' ') }),
        ...(resource !== undefined && { resource }),
      });
      return this.#read(answer, scopes, authorizationServer.issuer);
    });
    return tokens;
  }

  async #exchange<Value>(work: (exchange: Exchange) => Promise<Value>): Promise<Value> {
    let registered: { readonly issuer: string; readonly clientId: string } | undefined;
    try {
      const client = await import('openid-client');
      const found = await this.#discovery.current();
      const { issuer } = found.authorizationServer;
      const { name } = this.upstream;
      const { clients, publicUrl } = this.#parts;
      const parts = { name, server: this.#server, publicUrl, clients, egress: this.#egress };
      const identity = await clientIdentity(parts, found);
      if (identity.isRegistered) registered = { issuer, clientId: identity.client.id };
      const config = await this.#configuration(client, found, identity);
      return await work({ client, config, found, identity });
    } catch (error) {
      const fault = upstreamFault(error, this.upstream.name);
      if (registered !== undefined && fault.code === 'UPSTREAM_CLIENT_REFUSED') await this.#forget(registered);
      throw fault;
    }
  }

  async #configuration(
    client: typeof OpenidClient,
    { authorizationServer }: Discovered,
    identity: ClientIdentity,
  ): Promise<OpenidClient.Configuration> {
    const { clock, secrets } = this.#parts;
    const authentication = await clientAuthentication(
      client,
      { name: this.upstream.name, namespace: this.#server.namespace, client: identity.client },
      secrets,
      this.#connection,
      authorizationServer.token_endpoint_auth_methods_supported,
    );
    const skew = Math.round((clock.now() - Date.now()) / 1000);
    const known = { ...authorizationServer };
    const config = new client.Configuration(known, identity.client.id, { [client.clockSkew]: skew }, authentication);
    config[client.customFetch] = upstreamFetch(this.#egress);
    config.timeout = TIMEOUT_MS / 1000;
    // Metadata lets plain http be on this machine alone.
    if (new URL(authorizationServer.token_endpoint).protocol === 'http:') client.allowInsecureRequests(config);
    return config;
  }

  /** Whoever begins next registers us anew; what cannot be forgotten now is tried again then. */
  async #forget({ issuer, clientId }: { readonly issuer: string; readonly clientId: string }): Promise<void> {
    try {
      await this.#parts.clients.forget({ upstream: this.upstream.name, issuer }, clientId);
    } catch (error) {
      if (!(error instanceof ChatelaineError)) throw error;
    }
  }

  #read(answer: Parameters<typeof readTokens>[0], asked: readonly string[], givenBy: string): TokenAnswer {
    const { name: upstream } = this.upstream;
    const { tokens } = readTokens(answer, { asked, upstream, now: this.#parts.clock.now() });
    return { tokens: { ...tokens, idToken: undefined, givenBy }, claims: undefined };
  }
}
