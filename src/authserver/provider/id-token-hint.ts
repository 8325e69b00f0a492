import { err, ok, type Result } from '#kernel';
import type { JSONWebKeySet } from 'jose';
import type { KeySet } from '../keys/index.ts';

/** What an ID token of ours says that matters when somebody signs out. */
export interface IdTokenHint {
  readonly clientId: string;
  readonly userId: string;
}

/**
 * Reads an ID token that a client brings back (OpenID Connect RP-Initiated Logout §2). It may have expired, which
 * most have by then; it has to be ours, signed with any key that is still published, and an ID token: an access
 * token has another `typ` (RFC 9068 §2.1), and says who it is for in another way.
 */
export async function readIdTokenHint(
  hint: string,
  { issuer, keys }: { readonly issuer: string; readonly keys: KeySet },
): Promise<Result<IdTokenHint, string>> {
  const { compactVerify, createLocalJWKSet, decodeProtectedHeader } = await import('jose');
  try {
    const { typ } = decodeProtectedHeader(hint);
    if (typ !== undefined && typ !== 'JWT') return err('it is another kind of token');
    const jwks = { keys: keys.jwks.keys.map((key) => ({ ...key })) } as JSONWebKeySet;
    const { payload } = await compactVerify(hint, createLocalJWKSet(jwks));
    const { iss, aud, sub } = JSON.parse(new TextDecoder().decode(payload)) as Readonly<Record<string, unknown>>;
    if (iss !== issuer) return err('it is of another issuer');
    if (typeof aud !== 'string' || typeof sub !== 'string') return err('a claim is missing');
    return ok({ clientId: aud, userId: sub });
  } catch {
    // Whatever it was, it is none of ours.
    return err('it is no ID token of this server');
  }
}
