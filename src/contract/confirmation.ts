import { err, isRecord, ok, type Result } from '#kernel';

/**
 * `cnf` (RFC 7800 §3.1): the keys that a token is bound to. Whoever presents the token proves that each of them
 * is theirs; a thief of the token cannot.
 */
export interface Confirmation {
  /** SHA-256 thumbprint of a public key that DPoP proofs are signed with (RFC 9449 §6.1; RFC 7638). */
  readonly jkt?: string;
  /** SHA-256 of a client certificate (RFC 8705 §3.1). */
  readonly 'x5t#S256'?: string;
}

/** What DPoP proofs may be signed with, at the authorization server and at the doors: never a shared secret. */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'Ed25519', 'EdDSA'] as const;

/** A SHA-256 in base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/**
 * The confirmation in the claims of a token; undefined where it is not bound. What is not understood is a
 * refusal: a binding that nobody checks would be none.
 */
export function readConfirmation(cnf: unknown): Result<Confirmation | undefined, string> {
  if (cnf === undefined) return ok(undefined);
  if (!isRecord(cnf)) return err('`cnf` is no JSON object');
  const members = Object.entries(cnf);
  if (members.length === 0) return err('`cnf` names no key');
  for (const [method, thumbprint] of members) {
    if (method !== 'jkt' && method !== 'x5t#S256') return err('`cnf` binds to a key in a way that is not checked here');
    if (typeof thumbprint !== 'string' || !THUMBPRINT.test(thumbprint)) return err(`\`cnf.${method}\` is no SHA-256`);
  }
  return ok(Object.freeze({ ...cnf }) as Confirmation);
}

/**
 * How a token came: what shows that whoever sent it has the keys that it is bound to. Of one request: a proof
 * that counted in it goes on counting for what that request began, such as a stream.
 */
export interface Presentation {
  /** The scheme in `Authorization` (RFC 6750 §2.1, RFC 9449 §7.1). */
  readonly scheme: 'Bearer' | 'DPoP';
  /** The `DPoP` header fields, as many as came. */
  readonly proofs: readonly string[];
  readonly method: string;
  /** Of the request target, without its query. */
  readonly path: string;
  /** Where the request came in: each listener has a URL of its own. */
  readonly listener: 'public' | 'agents';
  /** `x5t#S256` of the client certificate of this very connection; undefined where none counts. */
  readonly certificate: string | undefined;
  /** Thumbprint of the key that another process of ours saw proved for this very request: the proof is used up there. */
  readonly proved?: string | undefined;
}

/** What is missing or wrong where a proof of possession was to be (RFC 9449 §7.1, §9). */
export interface ProofFault {
  readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce';
  /** For the developer of the client; no secret. */
  readonly description: string;
  /** The `DPoP-Nonce` to prove with next (RFC 9449 §8.2). */
  readonly nonce?: string | undefined;
}
