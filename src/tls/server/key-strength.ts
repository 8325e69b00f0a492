import type { KeyObject } from 'node:crypto';

const LEAST_RSA_BITS = 2048;
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Why a key is too weak for TLS (NIST SP 800-57 part 1, table 2: 112 bits at least), or undefined. */
export function refuseKey(key: KeyObject): string | undefined {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return (modulusLength ?? 0) >= LEAST_RSA_BITS
        ? undefined
        : `too weak: RSA of ${modulusLength} bits, where ${LEAST_RSA_BITS} are the least`;
    case 'ec':
      return CURVES.includes(namedCurve ?? '')
        ? undefined
        : `on the curve \`${namedCurve}\`; TLS 1.3 knows P-256, P-384 and P-521`;
    case 'ed25519':
    case 'ed448':
      return undefined;
    default:
      return `of the type \`${key.asymmetricKeyType}\`; use RSA, ECDSA or Ed25519`;
  }
}

/** A key in words, for messages: `RSA 2048`, `EC prime256v1`. */
export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return [key.asymmetricKeyType?.toUpperCase(), modulusLength ?? namedCurve].filter(Boolean).join(' ');
}
