import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { didYouMean, isRecord, reveal, Secret } from '#kernel';
import { vaultError } from '../errors.ts';

const LARGEST = 64 * 1024;

const hidden = z
  .string()
  .min(1, { error: 'is empty' })
  .max(LARGEST, { error: `has more than ${LARGEST} characters` })
  .transform((text) => new Secret(text));

// Ends up in a header, where a line end would begin another one (RFC 9110 §5.5).
const headerText = z
  .string()
  .min(1, { error: 'is empty' })
  .max(8192, { error: 'has more than 8192 characters' })
  .regex(/^[\x21-\x7e]+$/, { error: 'is not printable ASCII without spaces' })
  .transform((text) => new Secret(text));

// RFC 7617 §2: a user id with a colon would end at it.
const userName = z
  .string()
  .min(1, { error: 'is empty' })
  .max(1024, { error: 'has more than 1024 characters' })
  .regex(/^[^:\p{Cc}]+$/u, { error: 'has a colon or a control character' });

const clientId = z
  .string()
  .min(1, { error: 'is empty' })
  .max(1024, { error: 'has more than 1024 characters' })
  .regex(/^[\x20-\x7e]+$/, { error: 'is not printable ASCII (RFC 6749 appendix A.1)' });

const pem = z
  .string()
  .max(LARGEST, { error: `has more than ${LARGEST} characters` })
  .regex(/-----BEGIN CERTIFICATE-----/, { error: 'is no PEM certificate' });

const KINDS = {
  'api-key': z.strictObject({ kind: z.literal('api-key'), key: headerText }),
  basic: z.strictObject({ kind: z.literal('basic'), username: userName, password: hidden }),
  bearer: z.strictObject({ kind: z.literal('bearer'), token: headerText }),
  'oauth-client': z.strictObject({ kind: z.literal('oauth-client'), clientId, clientSecret: hidden }),
  mtls: z.strictObject({ kind: z.literal('mtls'), certificate: pem, privateKey: hidden }),
  password: z.strictObject({ kind: z.literal('password'), password: hidden }),
} as const;

/** The same as one schema, for doors that describe what they take. Checks key pairs as `parseSecretMaterial` does. */
export const secretMaterial = z
  .discriminatedUnion('kind', [
    KINDS['api-key'],
    KINDS.basic,
    KINDS.bearer,
    KINDS['oauth-client'],
    KINDS.mtls,
    KINDS.password,
  ])
  .superRefine((material, context) => {
    const message = material.kind === 'mtls' ? keyPairProblem(material) : undefined;
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

export type SecretKind = keyof typeof KINDS;
export const SECRET_KINDS = Object.keys(KINDS) as readonly SecretKind[];

/** What a secret holds, by its kind. What must not be seen is a `Secret`; user names and certificates may. */
export type SecretMaterial = { [Kind in SecretKind]: z.output<(typeof KINDS)[Kind]> }[SecretKind];

/**
 * What a person or program handed over, checked: `{ kind: 'basic', username: …, password: … }`. A key
 * and certificate that do not belong together are refused here, not at the first connection.
 *
 * Throws `SECRET_VALUE_REFUSED`; the message names fields and never repeats a value.
 */
export function parseSecretMaterial(given: unknown): SecretMaterial {
  const kind = isRecord(given) ? given['kind'] : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) {
    const near = typeof kind === 'string' ? didYouMean(kind.slice(0, 40), SECRET_KINDS) : '';
    throw vaultError('SECRET_VALUE_REFUSED', `\`kind\` is one of ${SECRET_KINDS.join(', ')}${near}`);
  }
  const parsed = KINDS[kind as SecretKind].safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    const message = issue?.code === 'custom' || field === '' ? issue?.message : messageOf(issue);
    throw vaultError('SECRET_VALUE_REFUSED', `${field === '' ? `\`${kind}\`` : `\`${field}\``}: ${message}`);
  }
  const mismatch = parsed.data.kind === 'mtls' ? keyPairProblem(parsed.data) : undefined;
  if (mismatch !== undefined) throw vaultError('SECRET_VALUE_REFUSED', mismatch);
  return parsed.data;
}

/** The plaintext to seal. */
export function serializeMaterial(material: SecretMaterial): Secret {
  const plain = Object.entries(material).map(([name, value]) => [
    name,
    value instanceof Secret ? reveal(value) : value,
  ]);
  return new Secret(JSON.stringify(Object.fromEntries(plain)));
}

/** The material of a plaintext that was authenticated, so that no check is made twice. */
export function deserializeMaterial(plaintext: Secret): SecretMaterial {
  const fields = JSON.parse(reveal(plaintext)) as Record<string, unknown>;
  return KINDS[fields['kind'] as SecretKind].parse(fields);
}

/** When the material ends by itself: a certificate does. Milliseconds, or undefined. */
export function ownExpiry(material: SecretMaterial): number | undefined {
  return material.kind === 'mtls' ? Date.parse(new X509Certificate(material.certificate).validTo) : undefined;
}

function keyPairProblem(material: { readonly certificate: string; readonly privateKey: Secret }): string | undefined {
  try {
    const key = createPrivateKey(reveal(material.privateKey));
    if (new X509Certificate(material.certificate).checkPrivateKey(key)) return undefined;
    return '`privateKey` is not the key of the first certificate in `certificate`';
  } catch {
    // Not the cause: OpenSSL's words about a private key stay here.
    return '`certificate` and `privateKey` are not a PEM certificate and an unencrypted PEM private key';
  }
}

/** Zod's own words for a wrong type; the texts above for the rest. Neither has the value. */
const messageOf = (issue: z.core.$ZodIssue | undefined): string =>
  issue?.code === 'invalid_type' ? 'is missing, or not a text' : (issue?.message ?? 'is not as it should be');
