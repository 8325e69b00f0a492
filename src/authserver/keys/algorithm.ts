import { generateKeyPair, type AsymmetricKeyDetails, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '#contract';

export { SIGNING_ALGORITHMS, type SigningAlgorithm };

export const DEFAULT_ALGORITHM: SigningAlgorithm = 'ES256';

/** RFC 7518 §3.3: a key of 2048 bits or larger MUST be used. */
export const SHORTEST_RSA = 2048;
/** Of those that are made here: what NIST SP 800-57 part 1 lets sign beyond 2030. */
const RSA_BITS = 3072;

/** The curves as Node names them, and as JOSE does (RFC 7518 §6.2.1.1). */
const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** The algorithms that a key can sign with, the usual one first; none for keys that are not for this. */
export function algorithmsOf(key: KeyObject): readonly SigningAlgorithm[] {
  const details: AsymmetricKeyDetails = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const algorithm = CURVES[details.namedCurve ?? ''];
      return algorithm === undefined ? [] : [algorithm];
    }
    case 'ed25519':
      return ['EdDSA'];
    case 'rsa':
      return (details.modulusLength ?? 0) >= SHORTEST_RSA ? ['RS256', 'RS384', 'RS512'] : [];
    default:
      return [];
  }
}

const generate = promisify(generateKeyPair);

/** A new private key for the algorithm. Off the event loop: an RSA key takes a second. */
export async function generatePrivateKey(algorithm: SigningAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'ES256':
      return (await generate('ec', { namedCurve: 'prime256v1' })).privateKey;
    case 'ES384':
      return (await generate('ec', { namedCurve: 'secp384r1' })).privateKey;
    case 'ES512':
      return (await generate('ec', { namedCurve: 'secp521r1' })).privateKey;
    case 'EdDSA':
      return (await generate('ed25519', {})).privateKey;
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return (await generate('rsa', { modulusLength: RSA_BITS, publicExponent: 65_537 })).privateKey;
  }
}
