import { reveal, Secret } from '#kernel';
import type { SecretMaterial } from '#contract';
import type { HttpAuth } from './auth-fields.ts';

/** What a credential adds to a request. */
export interface SentCredential {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly query: Readonly<Record<string, Secret>>;
  /** What may come back in an answer and must not be passed on. */
  readonly parts: readonly Secret[];
}

const NOTHING: SentCredential = { headers: {}, query: {}, parts: [] };

/**
 * What a kind of credential adds; nothing for a certificate, which speaks in the TLS connection.
 * Undefined for a kind that needs more first (`oauth-client`) or cannot be sent at all (`password`).
 */
export function sentCredential(material: SecretMaterial, auth: HttpAuth): SentCredential | undefined {
  switch (material.kind) {
    case 'api-key': {
      const { key } = material;
      if (auth.in === 'query') return { headers: {}, query: { [auth.name ?? '']: key }, parts: [key] };
      return { headers: { [(auth.name ?? 'X-API-Key').toLowerCase()]: key }, query: {}, parts: [key] };
    }
    case 'basic': {
      // RFC 7617 §2, in UTF-8.
      const pair = `${material.username}:${reveal(material.password)}`;
      const encoded = new Secret(Buffer.from(pair).toString('base64'));
      return authorization('Basic', encoded, [new Secret(pair), material.password]);
    }
    case 'bearer':
      return authorization('Bearer', material.token);
    case 'mtls':
      return { ...NOTHING, parts: [material.privateKey] };
    case 'oauth-client':
    case 'password':
      return undefined;
  }
}

function authorization(scheme: string, value: Secret, more: readonly Secret[] = []): SentCredential {
  const headers = { authorization: new Secret(`${scheme} ${reveal(value)}`) };
  return { headers, query: {}, parts: [...more, value] };
}

const CREDENTIAL_NAME = /auth|cookie|key|token|secret|passw|credential|session|signature/i;

/**
 * The secrets in a header or query parameter that the configuration wrote itself, judged by its name:
 * the value, what stands behind its scheme, and the password of a `Basic` one.
 */
export function credentialParts(name: string, value: Secret): readonly Secret[] {
  if (!CREDENTIAL_NAME.test(name)) return [];
  const text = reveal(value);
  const [, scheme, rest] = /^(\w+) +(\S+)$/.exec(text) ?? [];
  const parts = rest === undefined ? [text] : [text, rest];
  if (scheme?.toLowerCase() === 'basic' && rest !== undefined) {
    const pair = Buffer.from(rest, 'base64').toString();
    parts.push(pair, pair.slice(pair.indexOf(':') + 1));
  }
  return parts.map((part) => new Secret(part));
}
