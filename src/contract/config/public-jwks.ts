import { createPublicKey } from 'node:crypto';
import { z } from 'zod';

const MOST_KEYS = 16;
const LONGEST_JWKS = 16_384;
const SHORTEST_RSA = 2048;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Whether a JWK holds what nobody else may know: members of private and of shared keys (RFC 7518 §6). */
export const holdsSecretKey = (jwk: object): boolean => PRIVATE_MEMBERS.some((member) => member in jwk);

const publicJwk = z
  .looseObject({
    kty: z.enum(['RSA', 'EC', 'OKP']),
    use: z.literal('sig').optional(),
    kid: z.string().min(1).max(256).optional(),
    alg: z.string().min(1).max(32).optional(),
  })
  .refine((key) => !holdsSecretKey(key), {
    error: 'it is a private key; give its public members alone, and make another pair: this one has been shown',
  })
  .refine(isUsable, { error: `it is no public key for signatures, of ${SHORTEST_RSA} bits at least if it is RSA` });

/** Public keys that a client signs or shows itself with: a JWK Set (RFC 7517 §5). */
export const publicJwks = z
  .strictObject({ keys: z.array(publicJwk).min(1).max(MOST_KEYS) })
  .refine((set) => JSON.stringify(set).length <= LONGEST_JWKS, { error: 'a JWK Set has at most 16 KiB' })
  .meta({ title: 'JWK Set' });
export type PublicJwks = z.output<typeof publicJwks>;

function isUsable(jwk: Record<string, unknown>): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' });
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= SHORTEST_RSA;
    return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}
