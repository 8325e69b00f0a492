import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { parseSpiffeId } from '#tls';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';

/** Throws `AGENT_IDENTITY_REFUSED` unless the text is the SPIFFE ID of a workload, in its one spelling. */
export function checkSpiffeId(text: string): string {
  const read = parseSpiffeId(text);
  if (read.ok && read.value.path.length > 0) return text;
  throw identityError(
    'AGENT_IDENTITY_REFUSED',
    `${quote(text)} is not a SPIFFE ID such as \`spiffe://example.org/ns/travel/agent/booking-bot\`: it has ${read.ok ? 'no path' : read.error}`,
  );
}

/** Whether a SPIFFE ID is one of the namespace: its path is below `/ns/{namespace}/`, in whichever trust domain. */
export function isSpiffeIdOf(spiffeId: string, namespace: string): boolean {
  const read = parseSpiffeId(spiffeId);
  if (!read.ok) return false;
  const [ns, name, ...rest] = read.value.path;
  return ns === 'ns' && name === namespace && rest.length > 0;
}

const MOST_KEYS = 16;
const LONGEST_JWKS = 16_384;
const SHORTEST_RSA = 2048;

const publicJwk = z
  .looseObject({
    kty: z.enum(['RSA', 'EC', 'OKP']),
    use: z.literal('sig').optional(),
    kid: z.string().min(1).max(256).optional(),
  })
  .refine((key) => !['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].some((member) => member in key), {
    error: 'it is a private key; give its public members alone, and make another pair: this one has been shown',
  })
  .refine(isUsable, { error: `it is no public key of 256 bits (EC, OKP) or ${SHORTEST_RSA} bits (RSA) at least` });
const jwkSet = z.strictObject({ keys: z.array(publicJwk).min(1).max(MOST_KEYS) });

/** The JWK Set as it is kept; throws `AGENT_IDENTITY_REFUSED`, and repeats nothing of it. */
export function checkJwks(jwks: unknown): string {
  const checked = jwkSet.safeParse(jwks);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const at = issue?.path.join('.');
    throw identityError('AGENT_IDENTITY_REFUSED', `the JWK Set, at \`${at === '' ? 'keys' : at}\`: ${issue?.message}`);
  }
  const text = JSON.stringify(checked.data);
  if (text.length > LONGEST_JWKS) throw identityError('AGENT_IDENTITY_REFUSED', 'the JWK Set has more than 16 KiB');
  return text;
}

/** Throws `AGENT_IDENTITY_REFUSED` unless it is an `https` URL; what it serves is checked when it is fetched. */
export function checkJwksUri(text: string): string {
  const url = URL.parse(text);
  if (
    url?.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    text.length <= 2048
  )
    return text;
  throw identityError('AGENT_IDENTITY_REFUSED', `${quote(text)} is not an https URL without credentials or fragment`);
}

function isUsable(jwk: Record<string, unknown>): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' });
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= SHORTEST_RSA;
    return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}
