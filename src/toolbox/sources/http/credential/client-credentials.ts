/**
 * Tokens of an OAuth client by the client credentials grant (RFC 6749 §4.4): fetched once for all who
 * wait, kept until shortly before they end, and again when an API refuses one before its time.
 */
import { z } from 'zod';
import { parseStrictJson, reveal, Secret, type Clock } from '#kernel';
import type { EgressClient, EgressResponse } from '#egress';
import { toolboxError } from '../../../errors.ts';
import type { HttpAuth } from './auth-fields.ts';

/** An OAuth client, and the version of the secret that it is from. */
export interface OauthClient {
  readonly version: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
}

export interface AccessToken {
  readonly token: Secret;
  readonly until: number;
}

interface Flight {
  readonly version: string;
  readonly token: Promise<AccessToken>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Not used in the last moments of its life: it would end on the way. */
const SKEW_MS = 30_000;
/** For a token without `expires_in`, of which RFC 6749 §5.1 says nothing. */
const UNSAID_LIFETIME_MS = 5 * 60_000;

// RFC 6750 §2.1: what can stand behind `Bearer`.
const tokenAnswer = z.object({
  access_token: z
    .string()
    .max(32_768)
    .regex(/^[A-Za-z0-9\-._~+/]+=*$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).optional(),
});

/** RFC 6749 §5.2. Other texts of an answer are not repeated: they may hold what was sent. */
const ERRORS = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);

export class ClientCredentials {
  readonly #auth: HttpAuth & { readonly tokenUrl: string };
  readonly #client: EgressClient;
  readonly #clock: Clock;
  #flight: Flight | undefined;

  constructor(auth: HttpAuth & { readonly tokenUrl: string }, client: EgressClient, clock: Clock) {
    this.#auth = auth;
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * A token that lives. One request whatever the number of callers; it is nobody's alone, so a caller
   * who leaves does not end it. Rejects with `SOURCE_UNREACHABLE` or as `EgressClient.request` does.
   */
  async token(client: OauthClient): Promise<AccessToken> {
    const flight = this.#flight;
    if (flight?.version === client.version) {
      const known = await flight.token;
      if (this.#clock.now() < known.until) return known;
      // Somebody else may have fetched the next one meanwhile.
      if (this.#flight !== flight) return await this.token(client);
    }
    return await this.#fetch(client);
  }

  /** Forgets a token that an API refused, unless it has been replaced already. */
  async refuse(token: AccessToken): Promise<void> {
    const flight = this.#flight;
    if (flight !== undefined && (await flight.token.catch(() => undefined)) === token && this.#flight === flight) {
      this.#flight = undefined;
    }
  }

  #fetch(client: OauthClient): Promise<AccessToken> {
    const flight = { version: client.version, token: this.#request(client) };
    this.#flight = flight;
    flight.token.catch(() => this.#flight === flight && (this.#flight = undefined));
    return flight.token;
  }

  async #request({ clientId, clientSecret }: OauthClient): Promise<AccessToken> {
    const { tokenUrl, scopes, clientAuthentication } = this.#auth;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    const headers: Record<string, string> = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'chatelaine',
    };
    if (clientAuthentication === 'client_secret_post') {
      form.set('client_id', clientId);
      form.set('client_secret', reveal(clientSecret));
    } else {
      headers['authorization'] = basicOf(clientId, clientSecret);
    }
    const askedAt = this.#clock.now();
    const response = await this.#client.request({
      method: 'POST',
      url: new URL(tokenUrl),
      headers,
      body: form.toString(),
      // A redirect would carry the client's secret wherever it leads.
      follow: 'never',
      signal: new AbortController().signal,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    return tokenOf(response, new URL(tokenUrl).origin, askedAt);
  }
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function basicOf(clientId: string, clientSecret: Secret): string {
  const encode = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(reveal(clientSecret))}`).toString('base64')}`;
}

function tokenOf(response: EgressResponse, origin: string, askedAt: number): AccessToken {
  const answer = jsonOf(response.body);
  if (response.status !== 200) {
    const error = z.object({ error: z.string() }).safeParse(answer).data?.error ?? '';
    throw refused(origin, `answered with status ${response.status}${ERRORS.has(error) ? ` (${error})` : ''}`);
  }
  const parsed = tokenAnswer.safeParse(answer);
  if (!parsed.success) throw refused(origin, 'answered with something that is no bearer token (RFC 6749 §5.1)');
  const { access_token, expires_in } = parsed.data;
  const lifetime = expires_in === undefined ? UNSAID_LIFETIME_MS : expires_in * 1000;
  // A token that lives shorter than the skew is used for half its life.
  return { token: new Secret(access_token), until: askedAt + Math.max(lifetime - SKEW_MS, lifetime / 2) };
}

function jsonOf(body: Buffer): unknown {
  const parsed = parseStrictJson(body);
  return parsed.ok ? parsed.value : undefined;
}

const refused = (origin: string, why: string): Error =>
  toolboxError('SOURCE_UNREACHABLE', `no access token: the token endpoint at \`${origin}\` ${why}`);
