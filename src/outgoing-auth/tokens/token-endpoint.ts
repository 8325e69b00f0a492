/** A token endpoint as its clients see it: one form there, one token back (RFC 6749 §3.2, §5). */
import { z } from 'zod';
import { parseStrictJson, reveal, Secret, type ChatelaineError, type Clock } from '#kernel';
import { ID_JAG_TOKEN_TYPE } from '#contract';
import type { EgressClient, EgressResponse } from '#egress';
import { outgoingError } from '../errors.ts';
import { livingFrom, type AccessToken } from './access-token.ts';

/** How the client proves itself (RFC 6749 §2.3.1). */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post';

export interface OauthClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

/** What is asked for: of an assertion nobody says that it is of the type `Bearer` (RFC 8693 §2.2.1: `N_A`). */
type Wanted = 'access token' | 'assertion';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

const expiresIn = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).optional();

// RFC 6750 §2.1: what can stand behind `Bearer`.
const token = z
  .string()
  .max(32_768)
  .regex(/^[A-Za-z0-9\-._~+/]+=*$/);

const ANSWERS = {
  'access token': z.object({ access_token: token, token_type: z.string().regex(/^bearer$/i), expires_in: expiresIn }),
  assertion: z.object({
    access_token: token,
    issued_token_type: z.literal(ID_JAG_TOKEN_TYPE),
    token_type: z.string(),
    expires_in: expiresIn,
  }),
} as const;

/** RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2. Other texts of an answer are not repeated: they may hold what was sent. */
const ERRORS = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
]);

export class TokenEndpoint {
  readonly #url: URL;
  readonly #authentication: ClientAuthentication;
  readonly #egress: EgressClient;
  readonly #clock: Clock;

  constructor(
    url: string,
    authentication: ClientAuthentication | undefined,
    parts: { readonly egress: EgressClient; readonly clock: Clock },
  ) {
    this.#url = new URL(url);
    this.#authentication = authentication ?? 'client_secret_basic';
    this.#egress = parts.egress;
    this.#clock = parts.clock;
  }

  /** Rejects with `OUTGOING_TOKEN_REFUSED` or as `EgressClient.request` does. */
  async ask(grant: URLSearchParams, client: OauthClient, wanted: Wanted = 'access token'): Promise<AccessToken> {
    const form = new URLSearchParams(grant);
    const headers: Record<string, string> = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'chatelaine',
    };
    if (this.#authentication === 'client_secret_post') {
      form.set('client_id', client.clientId);
      form.set('client_secret', reveal(client.clientSecret));
    } else {
      headers['authorization'] = basicOf(client);
    }
    const askedAt = this.#clock.now();
    const response = await this.#egress.request({
      ...{ method: 'POST', url: this.#url, headers, body: form.toString() },
      // A redirect would carry the client's secret wherever it leads.
      follow: 'never',
      signal: new AbortController().signal,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    return this.#read(response, wanted, askedAt);
  }

  #read(response: EgressResponse, wanted: Wanted, askedAt: number): AccessToken {
    const answer = jsonOf(response.body);
    if (response.status !== 200) {
      const error = z.object({ error: z.string() }).safeParse(answer).data?.error ?? '';
      throw this.#refused(wanted, `answered with status ${response.status}${ERRORS.has(error) ? ` (${error})` : ''}`);
    }
    const parsed = ANSWERS[wanted].safeParse(answer);
    const kind = wanted === 'access token' ? 'no bearer token (RFC 6749 §5.1)' : 'no assertion (RFC 8693 §2.2.1)';
    if (!parsed.success) throw this.#refused(wanted, `answered with something that is ${kind}`);
    const { access_token, expires_in } = parsed.data;
    return livingFrom(askedAt, new Secret(access_token), expires_in === undefined ? undefined : expires_in * 1000);
  }

  #refused(wanted: Wanted, why: string): ChatelaineError {
    return outgoingError(
      'OUTGOING_TOKEN_REFUSED',
      `no ${wanted}: the token endpoint at \`${this.#url.origin}\` ${why}`,
    );
  }
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function basicOf({ clientId, clientSecret }: OauthClient): string {
  const encode = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(reveal(clientSecret))}`).toString('base64')}`;
}

function jsonOf(body: Buffer): unknown {
  const parsed = parseStrictJson(body);
  return parsed.ok ? parsed.value : undefined;
}
