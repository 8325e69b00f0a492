import type { CredentialRefusal } from '#contract';
import { err, ok, reveal, type JsonObject, type Result, type Secret } from '#kernel';
import { objectOf, type ProviderAnswer, type ProviderClient } from './provider-client.ts';

/** Who asks. */
export interface IntrospectionClient {
  readonly id: string;
  readonly secret: Secret;
}

export interface IntrospectionOptions {
  readonly client: ProviderClient;
  readonly endpoint: () => Promise<Result<URL, string>>;
  readonly method: 'GET' | 'POST';
  readonly parameter: string;
  /** Rejects where the secret cannot be had now. */
  readonly credentials: () => Promise<IntrospectionClient | undefined>;
}

/** A caller waits, and is told 503 rather than made to wait longer. */
export const ASK_MS = 2_500;

/** Asks the issuer about a token (RFC 7662): what it says of one that is active. Never rejects. */
export async function introspect(
  token: string,
  { client, endpoint, method, parameter, credentials }: IntrospectionOptions,
): Promise<Result<JsonObject, CredentialRefusal>> {
  const place = await endpoint();
  if (!place.ok) return unavailable(place.error);
  const url = place.value;
  let headers: Readonly<Record<string, string>>;
  try {
    const known = await credentials();
    headers = known === undefined ? {} : { authorization: basic(known) };
  } catch (error) {
    return unavailable(`the client's secret cannot be had: ${(error as Error).message}`);
  }
  let answer: Result<ProviderAnswer, string>;
  if (method === 'POST') answer = await client.post(url, new URLSearchParams({ [parameter]: token }), ASK_MS, headers);
  else {
    const asked = new URL(url);
    asked.searchParams.set(parameter, token);
    answer = await client.get(asked, ASK_MS, headers);
  }
  // An error here is about us, who ask, and not about the token (RFC 7662 §2.3).
  const said = objectOf(url, answer);
  return said.ok ? activeClaims(said.value) : unavailable(said.error);
}

/** What is said of a token that is active; `audience` is what some servers call `aud`. */
export function activeClaims(said: JsonObject): Result<JsonObject, CredentialRefusal> {
  if (said['active'] !== true) return err({ reason: 'mismatch', detail: 'the issuer does not say that it is active' });
  const { audience } = said;
  return ok(said['aud'] === undefined && audience !== undefined ? { ...said, aud: audience } : said);
}

/** RFC 6749 §2.3.1: both parts are form-encoded first. */
const basic = ({ id, secret }: IntrospectionClient): string =>
  `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(reveal(secret))}`).toString('base64')}`;

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

export const unavailable = (detail: string): Result<never, CredentialRefusal> => err({ reason: 'unavailable', detail });
