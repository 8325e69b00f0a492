/** Registering ourselves (RFC 7591), where nobody has and no document of ours is taken. */
import { z } from 'zod';
import { isRecord, parseStrictJson, Secret } from '#kernel';
import type { EgressClient } from '#egress';
import { unavailable } from '../upstream-faults.ts';
import { upstreamError } from '../errors.ts';
import { TIMEOUT_MS } from '../upstream-fetch.ts';
import type { OurClient } from './client-document.ts';
import type { ServerMetadata } from './server-metadata.ts';

export const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** As somebody registered us. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly secret: Secret | undefined;
  readonly method: AuthMethod;
  readonly redirectUri: string;
  /** When the secret ends, in milliseconds; undefined for never. */
  readonly expiresAt: number | undefined;
}

const answerSchema = z.object({
  client_id: z.string().min(1).max(2048),
  client_secret: z.string().min(1).max(4096).optional(),
  client_secret_expires_at: z.number().nonnegative().optional(),
  token_endpoint_auth_method: z.string().optional(),
});

const LARGEST = 128 * 1024;

/** How we could show who we are, of what is announced: with a secret where there may be one. */
export function methodsOf({ token_endpoint_auth_methods_supported: announced }: ServerMetadata): readonly AuthMethod[] {
  // RFC 8414 §2: without a word of it, `client_secret_basic`.
  const methods = AUTH_METHODS.filter((one) => (announced ?? ['client_secret_basic']).includes(one));
  if (methods.length > 0) return methods;
  throw upstreamError(
    'UPSTREAM_METADATA_REFUSED',
    '`token_endpoint_auth_methods_supported` of the authorization server has nothing that a client who registers itself can do',
  );
}

/** Where, and by which of these methods. */
export interface Registration {
  /** Of the upstream. */
  readonly name: string;
  readonly endpoint: string;
  readonly methods: readonly AuthMethod[];
}

/**
 * Registers the client, with the first method that is taken: what is announced is for all clients, and one that
 * registers itself may have to do without a secret. Throws `UPSTREAM_CLIENT_REFUSED`, `UPSTREAM_UNAVAILABLE`,
 * `UPSTREAM_UNTRUSTED`.
 */
export async function register(
  registration: Registration,
  ours: OurClient,
  egress: Pick<EgressClient, 'request'>,
): Promise<RegisteredClient> {
  const { name, methods } = registration;
  for (const method of methods) {
    const client = await registerAs(method, registration, ours, egress);
    if (client !== undefined) return client;
  }
  throw upstreamError('UPSTREAM_CLIENT_REFUSED', `the upstream \`${name}\` takes no client with metadata like ours`);
}

/** Undefined where something of the metadata is not taken (RFC 7591 §3.2.2). */
async function registerAs(
  method: AuthMethod,
  { name, endpoint }: Registration,
  ours: OurClient,
  egress: Pick<EgressClient, 'request'>,
): Promise<RegisteredClient | undefined> {
  const { status, body, truncated } = await egress.request({
    ...{ method: 'POST', url: new URL(endpoint), follow: 'never' },
    headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'chatelaine' },
    body: JSON.stringify({ ...ours, token_endpoint_auth_method: method }),
    ...{ signal: new AbortController().signal, timeoutMs: TIMEOUT_MS, maxBytes: LARGEST },
  });
  if (status >= 500 || status === 429) throw unavailable(name, `registration was answered with status ${status}`);
  const json = truncated ? undefined : parseStrictJson(body);
  if (status === 400 && json?.ok === true && isRecord(json.value) && json.value['error'] === 'invalid_client_metadata')
    return undefined;
  if (status !== 201 && status !== 200)
    throw upstreamError('UPSTREAM_CLIENT_REFUSED', `the upstream \`${name}\` does not register us (status ${status})`);
  const parsed = answerSchema.safeParse(json?.ok === true ? json.value : undefined);
  const registered = parsed.success ? methodAs(parsed.data.token_endpoint_auth_method, method) : undefined;
  if (!parsed.success || registered === undefined) throw untrusted(name);
  const { client_id: clientId, client_secret: secret, client_secret_expires_at: ends = 0 } = parsed.data;
  if (registered !== 'none' && secret === undefined) throw untrusted(name);
  return {
    clientId,
    secret: registered === 'none' || secret === undefined ? undefined : new Secret(secret),
    method: registered,
    redirectUri: ours.redirect_uris[0],
    expiresAt: ends === 0 || secret === undefined ? undefined : ends * 1000,
  };
}

/** RFC 7591 §3.2.1: the server may have registered another than what was asked for. */
const methodAs = (answered: string | undefined, asked: AuthMethod): AuthMethod | undefined =>
  answered === undefined ? asked : AUTH_METHODS.find((one) => one === answered);

const untrusted = (name: string): Error =>
  upstreamError('UPSTREAM_UNTRUSTED', `what the upstream \`${name}\` answered to our registration is refused`);
