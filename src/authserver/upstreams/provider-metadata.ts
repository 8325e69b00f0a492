import { z } from 'zod';
import { parseStrictJson, type ChatelaineError, type Clock } from '#kernel';
import { isLoopbackHost } from '#contract';
import { judgeUrl, type EgressClient, type EgressRules } from '#egress';
import { upstreamError } from './errors.ts';
import { LastGood } from './last-good.ts';
import { MAX_ANSWER_BYTES, TIMEOUT_MS } from './upstream-fetch.ts';

/** Signatures that only the holder of a private key makes. Symmetric ones, and none at all, are left out. */
const SIGNATURES = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

const words = z.array(z.string().max(256)).max(200);
const metadataSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  userinfo_endpoint: z.string().optional(),
  revocation_endpoint: z.string().optional(),
  token_endpoint_auth_methods_supported: words.optional(),
  id_token_signing_alg_values_supported: words.optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});
/** What we use of the metadata of a provider (OpenID Connect Discovery §3, RFC 8414 §2). */
export type ProviderMetadata = z.output<typeof metadataSchema>;

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'revocation_endpoint',
] as const;

const FRESH_MS = 60 * 60_000;

/**
 * The metadata of one OpenID provider: asked for when it is first needed, once for all who wait, and again when
 * it is an hour old. What was good stays in force while the provider is down or says something else that is bad.
 */
export class DiscoveredMetadata {
  readonly #issuer: string;
  readonly #client: EgressClient;
  readonly #rules: EgressRules;
  readonly #kept: LastGood<ProviderMetadata>;

  constructor(parts: {
    readonly issuer: string;
    readonly client: EgressClient;
    readonly rules: EgressRules;
    readonly clock: Clock;
  }) {
    this.#issuer = parts.issuer;
    this.#client = parts.client;
    this.#rules = parts.rules;
    this.#kept = new LastGood({
      ask: async () => ({ value: await this.#ask(), freshMs: FRESH_MS }),
      outlives: () => true,
      clock: parts.clock,
    });
  }

  /** Throws `UPSTREAM_UNTRUSTED`, and as `EgressClient.request` does, where there never was a good copy. */
  current(): Promise<ProviderMetadata> {
    return this.#kept.current();
  }

  async #ask(): Promise<ProviderMetadata> {
    const url = new URL(`${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const answer = await this.#client.request({
      method: 'GET',
      url,
      headers: { accept: 'application/json', 'user-agent': 'chatelaine' },
      body: undefined,
      follow: 'never',
      signal: new AbortController().signal,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (answer.status >= 500 || answer.status === 429) {
      throw upstreamError('UPSTREAM_UNAVAILABLE', `\`${url.href}\` answered with status ${answer.status}`);
    }
    const json = answer.status === 200 && !answer.truncated ? parseStrictJson(answer.body) : undefined;
    if (json === undefined || !json.ok) throw untrusted(`\`${url.href}\` is no metadata of an OpenID provider`);
    return checkMetadata(json.value, this.#issuer, this.#rules);
  }
}

/**
 * The metadata, if it is that of the issuer and leads nowhere that we may not go. Whoever can put another
 * token endpoint into it gets our secret and the codes of our people (RFC 8414 §6.2); another issuer in it is
 * how one provider passes for another (§3.3).
 */
export function checkMetadata(value: unknown, issuer: string, rules: EgressRules): ProviderMetadata {
  const parsed = metadataSchema.safeParse(value);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => `\`${path.join('.')}\``);
    throw untrusted(`the metadata of \`${issuer}\` lacks or garbles ${[...new Set(fields)].slice(0, 5).join(', ')}`);
  }
  const metadata = parsed.data;
  if (metadata.issuer !== issuer) {
    throw untrusted(
      `the metadata at \`${issuer}\` is of another issuer; \`issuer\` must be what it says, letter by letter`,
    );
  }
  for (const field of ENDPOINTS) {
    const written = metadata[field];
    if (written !== undefined) checkEndpoint(field, written, issuer, rules);
  }
  const { id_token_signing_alg_values_supported: announced, ...rest } = metadata;
  if (announced === undefined) return rest;
  const signatures = announced.filter((name) => SIGNATURES.includes(name));
  if (signatures.length === 0) throw untrusted(`\`${issuer}\` signs ID tokens in no way that can be verified`);
  return { ...rest, id_token_signing_alg_values_supported: signatures };
}

function checkEndpoint(field: string, written: string, issuer: string, rules: EgressRules): void {
  const url = URL.parse(written);
  const loopback = new URL(issuer).protocol === 'http:';
  const isProtected =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback && isLoopbackHost(url.hostname));
  if (url === null || !isProtected || url.username !== '' || url.password !== '') {
    throw untrusted(`\`${field}\` of \`${issuer}\` is no https URL`);
  }
  const judged = judgeUrl(rules, url);
  if (!judged.ok) throw untrusted(`\`${field}\` of \`${issuer}\` leads where requests may not go: ${judged.error}`);
}

const untrusted = (message: string): ChatelaineError => upstreamError('UPSTREAM_UNTRUSTED', message);
