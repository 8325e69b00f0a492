/** A credential as a token: a JWT access token of one resource (RFC 9068), with a type of its own. */
import type { createLocalJWKSet as CreateLocalJWKSet, JWTPayload } from 'jose';
import { SIGNING_ALGORITHMS, type CredentialRefusal, type Principal } from '#contract';
import { err, ok, type Result } from '#kernel';
import { toolId, type Credential } from './credential.ts';
import type { KeySet, TokenSigner } from './ports.ts';

/**
 * Told apart by its type from what the authorization server issues (RFC 8725 §3.11): there it opens nothing and is
 * exchanged for nothing, whatever it says.
 */
export const CREDENTIAL_TYPE = 'credential+jwt';

/** How the person proved who they are, where one did: it goes on with the credential. */
export interface Proved {
  readonly amr?: readonly string[];
  /** Milliseconds. */
  readonly authTime?: number;
}

export function claimsOf(
  credential: Omit<Credential, 'digest'>,
  signer: Pick<TokenSigner, 'issuer' | 'audienceOf'>,
  { clientId, amr, authTime }: Pick<Principal, 'clientId' | 'amr' | 'authTime'>,
): Readonly<Record<string, unknown>> {
  return {
    iss: signer.issuer,
    sub: credential.holder.id,
    aud: signer.audienceOf(credential),
    client_id: clientId ?? credential.holder.id,
    scope: credential.scopes.join(' '),
    jti: credential.id,
    iat: Math.floor(credential.issuedAt / 1000),
    exp: credential.expiresAt / 1000,
    ...(credential.cnf !== undefined && { cnf: credential.cnf }),
    ...(amr !== undefined && { amr }),
    ...(authTime !== undefined && { auth_time: Math.floor(authTime / 1000) }),
  };
}

export interface Claims extends JWTPayload {
  readonly client_id?: unknown;
  readonly auth_time?: unknown;
  readonly amr?: unknown;
}

export const provedIn = ({ auth_time: at, amr }: Claims): Proved => ({
  ...(typeof at === 'number' && { authTime: at * 1000 }),
  ...(Array.isArray(amr) && { amr: Object.freeze(amr.map(String)) }),
});

/** Reads the claims of tokens whose signature is good. */
export class TokenReader {
  readonly #signer: TokenSigner;
  #resolver: { readonly of: KeySet; readonly resolve: ReturnType<typeof CreateLocalJWKSet> } | undefined;
  /** How many signatures were looked at: the work that remembering is for. */
  signatures = 0;

  constructor(signer: TokenSigner) {
    this.#signer = signer;
  }

  /** The claims of one of ours, or why it is none. Its end is for its row to say. Throws as the keys do. */
  async claims(token: string, now: number): Promise<Result<Claims, CredentialRefusal>> {
    const { jwtVerify, createLocalJWKSet, errors } = await import('jose');
    const set = await this.#signer.keys();
    // The same set is the same object: a new one is a rotation.
    if (this.#resolver?.of !== set) {
      this.#resolver = { of: set, resolve: createLocalJWKSet({ keys: set.keys.map((key) => ({ ...key })) as never }) };
    }
    this.signatures++;
    try {
      const { payload } = await jwtVerify<Claims>(token, this.#resolver.resolve, {
        issuer: this.#signer.issuer,
        typ: CREDENTIAL_TYPE,
        algorithms: [...SIGNING_ALGORITHMS],
        requiredClaims: ['sub', 'aud', 'exp', 'iat', 'jti'],
        currentDate: new Date(now),
      });
      return ok(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return err({ reason: 'expired', detail: 'exp' });
      if (error instanceof errors.JOSEError) return err({ reason: 'malformed', detail: error.code });
      throw error;
    }
  }
}

export const describe = (credential: Pick<Credential, 'id' | 'namespace' | 'tool'>): string =>
  `credential ${credential.id} for ${toolId(credential)}`;
