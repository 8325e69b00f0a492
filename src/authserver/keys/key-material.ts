import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { err, ok, reveal, Secret, sha256, type Result } from '#kernel';
import { algorithmsOf, generatePrivateKey, SHORTEST_RSA, type SigningAlgorithm } from './algorithm.ts';

/** The public part of a key as a JWK Set publishes it (RFC 7517 §4). */
export interface PublicJwk {
  readonly kty: 'EC' | 'RSA' | 'OKP';
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: SigningAlgorithm;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/** What verifies: of a key its public part alone. */
export interface Verifier {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;
}

/** What signs. A `KeyObject` does not print what it holds. */
export interface Signer extends Verifier {
  readonly privateKey: KeyObject;
}

/** Makes a new key. */
export async function makeSigner(algorithm: SigningAlgorithm): Promise<Signer> {
  return signerOf(await generatePrivateKey(algorithm), algorithm);
}

/** The private part for a sealed column; `parseSigner` reads it. */
export const exportPrivate = ({ privateKey }: Signer): Secret =>
  new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);

/**
 * A private key in PEM, or what is wrong with it; nothing of it is repeated. Without `algorithm` it is the
 * usual one of its kind: RS256 for RSA.
 */
export function parseSigner(pem: Secret, algorithm?: SigningAlgorithm): Result<Signer, string> {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(reveal(pem));
  } catch {
    return err('it is no private key in PEM (PKCS #8, PKCS #1 or SEC 1) without a passphrase');
  }
  const able = algorithmsOf(privateKey);
  const chosen = algorithm ?? able[0];
  if (chosen === undefined) return err(unfit(privateKey));
  if (!able.includes(chosen)) return err(`it cannot sign with \`${chosen}\`: ${able.join(', ') || unfit(privateKey)}`);
  return ok(signerOf(privateKey, chosen));
}

/** The public part from what was published of it. */
export function verifierOf(jwk: PublicJwk): Verifier {
  return { kid: jwk.kid, algorithm: jwk.alg, publicKey: createPublicKey({ key: { ...jwk }, format: 'jwk' }), jwk };
}

function signerOf(privateKey: KeyObject, algorithm: SigningAlgorithm): Signer {
  const publicKey = createPublicKey(privateKey);
  const jwk = publicJwk(publicKey, algorithm);
  return { kid: jwk.kid, algorithm, publicKey, privateKey, jwk };
}

/** Member by member: what is not named here is not published, whatever Node may export one day. */
function publicJwk(key: KeyObject, alg: SigningAlgorithm): PublicJwk {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' }) as Record<string, string>;
  const shared = { use: 'sig', alg } as const;
  if (kty === 'RSA') {
    const members = { kty, n: n as string, e: e as string } as const;
    return { ...members, ...shared, kid: thumbprint(members) };
  }
  if (kty === 'EC') {
    const members = { kty, crv: crv as string, x: x as string, y: y as string } as const;
    return { ...members, ...shared, kid: thumbprint(members) };
  }
  const members = { kty: 'OKP', crv: crv as string, x: x as string } as const;
  return { ...members, ...shared, kid: thumbprint(members) };
}

/** RFC 7638 §3: SHA-256 of the required members (RFC 8037 §2 for OKP), in the order of their names. */
export function thumbprint(members: Readonly<Record<string, string>>): string {
  const ordered = Object.fromEntries(Object.entries(members).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  return sha256(JSON.stringify(ordered)).toString('base64url');
}

const unfit = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string =>
  asymmetricKeyType === 'rsa'
    ? `an RSA key of ${asymmetricKeyDetails?.modulusLength} bits is too short, ${SHORTEST_RSA} is the least (RFC 7518 §3.3)`
    : `a key of the type \`${asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType}\` is not for signing tokens; take P-256, P-384, P-521, Ed25519 or RSA`;
