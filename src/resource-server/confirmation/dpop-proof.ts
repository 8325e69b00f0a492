/**
 * A DPoP proof (RFC 9449 §4.2), judged by the list of §4.3. What is checked is what is said, once and in full:
 * a proof that is right in all but one thing was made for something else.
 */
import type { CryptoKey, JWK } from 'jose';
import { DPOP_ALGORITHMS, holdsSecretKey, type ProofFault } from '#contract';
import { BoundedCache, err, isRecord, ok, parseStrictJson, sha256, type JsonObject, type Result } from '#kernel';

/** What a proof has to be for. */
export interface ProvedRequest {
  readonly method: string;
  /** Without query and fragment, in its one spelling. */
  readonly url: string;
  /** That is presented; undefined where a proof is to bind one that is asked for (RFC 9449 §5). */
  readonly token: string | undefined;
  /** Milliseconds. */
  readonly now: number;
  /** What may stand in for the time of a proof. */
  readonly nonces: { has(nonce: string, now: number): boolean; next(now: number): string };
}

/** A proof that holds for the request. Whose key it is and that it is new, others judge. */
export interface Proof {
  /** Thumbprint of the key that signed it. */
  readonly jkt: string;
  readonly jti: string;
}

/** A proof may be so much older or newer than we think it is now. */
export const WINDOW_MS = 5 * 60_000;

const LONGEST_PROOF = 8192;
const LONGEST_JTI = 256;

type Checked<Value> = Result<Value, ProofFault>;

const invalid = (description: string): Checked<never> => err({ error: 'invalid_dpop_proof', description });

/** The proof behind the `DPoP` header fields of a request, or what is wrong with it. Never rejects. */
export async function checkProof(headers: readonly string[], request: ProvedRequest): Promise<Checked<Proof>> {
  const [proof, ...others] = headers;
  if (proof === undefined) return invalid('there is no DPoP proof');
  if (others.length > 0) return invalid('there is more than one DPoP header');
  if (proof.length > LONGEST_PROOF) return invalid('the DPoP proof is too long');
  const parts = proof.split('.');
  if (parts.length !== 3) return invalid('the DPoP proof is no JWT');
  const signer = await signerOf(parts[0] as string);
  if (!signer.ok) return signer;
  const { key, alg, jkt } = signer.value;
  let payload: Uint8Array;
  try {
    const { compactVerify } = await import('jose');
    ({ payload } = await compactVerify(proof, key, { algorithms: [alg] }));
  } catch {
    return invalid('the signature of the DPoP proof is not good');
  }
  const claims = parseStrictJson(Buffer.from(payload));
  if (!claims.ok || !isRecord(claims.value)) return invalid('the claims of the DPoP proof cannot be read one way only');
  return checkClaims(claims.value, jkt, request);
}

interface Signer {
  readonly alg: string;
  readonly key: CryptoKey | Uint8Array;
  readonly jkt: string;
}

/** By their headers, letter by letter: those of a client's proofs are all the same, and reading a key takes longer than using it. */
const signers = new BoundedCache<string, Signer>(512);

async function signerOf(part: string): Promise<Checked<Signer>> {
  const known = signers.get(part);
  if (known !== undefined) return ok(known);
  const header = checkHeader(part);
  if (!header.ok) return header;
  const { jwk, alg } = header.value;
  try {
    const { calculateJwkThumbprint, importJWK } = await import('jose');
    const signer = { alg, key: await importJWK(jwk, alg), jkt: await calculateJwkThumbprint(jwk, 'sha256') };
    signers.set(part, signer);
    return ok(signer);
  } catch {
    return invalid('the `jwk` of the DPoP proof is no key of its `alg`');
  }
}

function checkHeader(part: string): Checked<{ readonly jwk: JWK; readonly alg: string }> {
  const parsed = parseStrictJson(Buffer.from(part, 'base64url'));
  if (!parsed.ok || !isRecord(parsed.value)) return invalid('the DPoP proof is no JWT');
  const { typ, alg, jwk, crit } = parsed.value;
  if (typ !== 'dpop+jwt') return invalid('the `typ` of the DPoP proof is not `dpop+jwt`');
  if (typeof alg !== 'string' || !DPOP_ALGORITHMS.some((one) => one === alg))
    return invalid('the `alg` of the DPoP proof is not one that is taken');
  if (crit !== undefined) return invalid('the DPoP proof has critical extensions');
  if (!isRecord(jwk)) return invalid('the DPoP proof holds no `jwk`');
  // A proof with its private key gives it away.
  if (jwk['kty'] === 'oct' || holdsSecretKey(jwk)) return invalid('the `jwk` of the DPoP proof is no public key');
  return ok({ jwk, alg });
}

function checkClaims(claims: JsonObject, jkt: string, request: ProvedRequest): Checked<Proof> {
  const { jti, htm, htu, iat, ath, nonce } = claims;
  const { now, nonces } = request;
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI)
    return invalid('`jti` of the DPoP proof is no short text');
  if (htm !== request.method) return invalid('`htm` of the DPoP proof is not the method of the request');
  if (typeof htu !== 'string' || normalized(htu) !== request.url)
    return invalid('`htu` of the DPoP proof is not the URL of the request');
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat))
    return invalid('`iat` of the DPoP proof is no whole number of seconds');
  const useNonce = (description: string): Checked<never> =>
    err({ error: 'use_dpop_nonce', description, nonce: nonces.next(now) });
  if (nonce === undefined) {
    if (Math.abs(now - iat * 1000) > WINDOW_MS)
      return useNonce('`iat` of the DPoP proof is not recent; prove with the nonce');
  } else if (typeof nonce !== 'string' || !nonces.has(nonce, now)) return useNonce('`nonce` of the DPoP proof is over');
  if (ath !== (request.token && sha256(request.token).toString('base64url')))
    return invalid('`ath` of the DPoP proof is not that of the token');
  return ok({ jkt, jti });
}

/** RFC 9449 §4.3: compared after normalization (RFC 3986 §6.2.2, §6.2.3), without query and fragment. */
export function normalized(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  parsed.search = '';
  parsed.hash = '';
  return parsed.href;
}
