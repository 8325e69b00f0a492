import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { ExternalSigningKey } from 'oidc-provider';
import type { Signer, SigningAlgorithm } from '../keys/index.ts';

const signAside = promisify(sign);

/** Hashes by the last digits of the algorithm (RFC 7518 §3.1); Ed25519 has its own (RFC 8037 §3.1). */
const hashOf = (algorithm: SigningAlgorithm): string | null =>
  algorithm === 'EdDSA' ? null : `sha${algorithm.slice(-3)}`;

/**
 * The signer as the provider takes a key that lies elsewhere: it never has the private part, which would be
 * exported and read again. Elliptic curves sign at once, which is a tenth of a millisecond and less than the way
 * to another thread and back; RSA takes that way.
 */
export function signingKeyOf(signer: Signer, Base: typeof ExternalSigningKey): ExternalSigningKey {
  const { kid, algorithm, privateKey, publicKey } = signer;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return new (class extends Base {
    override get kid(): string {
      return kid;
    }

    override get alg(): SigningAlgorithm {
      return algorithm;
    }

    override keyObject(): KeyObject {
      return publicKey;
    }

    override sign(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
      return privateKey.asymmetricKeyType === 'rsa'
        ? signAside(hashOf(algorithm), data, key)
        : sign(hashOf(algorithm), data, key);
    }
  })();
}
