/** A client that has a key and proves it (RFC 9449 §4.2). */
import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, SignJWT, type JWK } from 'jose';

export interface ProofKey {
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
  /** What `cnf.jkt` is. */
  readonly jkt: string;
}

export async function proofKey(alg: 'ES256' | 'RS256' | 'EdDSA' = 'ES256'): Promise<ProofKey> {
  const { privateKey, publicKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' }) as JWK;
  return { alg, privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

export interface ProofOf {
  readonly method?: string;
  readonly url: string;
  /** The token that is presented with it; none at the authorization server. */
  readonly token?: string | undefined;
  /** In the place of what is right; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A proof, right but for what is asked to be wrong. */
export function prove(
  key: ProofKey,
  { method = 'POST', url, token, claims = {}, header = {} }: ProofOf,
): Promise<string> {
  const usual = {
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat: Math.floor(Date.now() / 1000),
    ...(token !== undefined && { ath: createHash('sha256').update(token).digest('base64url') }),
  };
  const said = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined));
  return new SignJWT(said)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header })
    .sign(key.privateKey);
}
