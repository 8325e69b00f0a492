import { isAbsolute } from 'node:path';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { secretReference, secretText, type SecretReader, type SecretReference } from '#contract';
import { Secret } from '#kernel';
import { SIGNING_ALGORITHMS } from './algorithm.ts';
import { signingKeyError } from './errors.ts';
import { parseSigner, type Signer } from './key-material.ts';

const PLACES = ['file', 'secret', 'pem'] as const;

const signingKeySchema = z
  .strictObject({
    file: z
      .string()
      .refine(isAbsolute, { error: 'this is not an absolute path' })
      .optional()
      .describe('The absolute path of a private key in PEM.'),
    secret: secretReference
      .optional()
      .describe('A secret of the vault that holds it: a `password` or `bearer`, or the private key of an `mtls`.'),
    pem: secretText.optional().describe('The key itself, from `${VARIABLE}` or `file:///run/secrets/name`.'),
    algorithm: z
      .enum(SIGNING_ALGORITHMS)
      .optional()
      .describe('What it signs with; by default what the key is made for, RS256 for RSA.'),
  })
  .superRefine((key, context) => {
    const given = PLACES.filter((place) => key[place] !== undefined);
    if (given.length === 1) return;
    context.addIssue({
      code: 'custom',
      path: given[1] === undefined ? [] : [given[1]],
      message: `a signing key is in one \`file\`, \`secret\` or \`pem\`, and this one is in ${given.length === 0 ? 'none' : `\`${given.join('` and `')}\``}`,
      params: { problem: 'CONTRADICTION' },
    });
  });

/** `signingKeys:` of the authorization server: the first signs, the others are published beside it. */
export const signingKeysSchema = z
  .array(signingKeySchema)
  .min(1)
  .max(10)
  .optional()
  .describe(
    'Private keys that tokens are signed with: the first signs, the others verify. Without them Chatelaine makes its own and rotates them (`chatelaine key rotate-signing`).',
  );
export type SigningKeySettings = NonNullable<z.output<typeof signingKeysSchema>>[number];

/**
 * The keys of the configuration, in their order. Throws `SIGNING_KEY_REFUSED` for one that cannot be read or
 * used, with its place and never with its contents, and as reading a secret does.
 */
export async function readConfiguredKeys(
  settings: readonly SigningKeySettings[],
  secrets: SecretReader,
): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for (const [index, { algorithm, ...place }] of settings.entries()) {
    const { pem, where } = await readPem(place, secrets, index);
    const parsed = parseSigner(pem, algorithm);
    if (!parsed.ok) throw signingKeyError('SIGNING_KEY_REFUSED', `the signing key ${where}: ${parsed.error}`);
    const { kid } = parsed.value;
    if (signers.some((one) => one.kid === kid)) {
      throw signingKeyError('SIGNING_KEY_REFUSED', `the signing key ${where} is on the list twice`);
    }
    signers.push(parsed.value);
  }
  return signers;
}

async function readPem(
  { file, secret, pem }: Omit<SigningKeySettings, 'algorithm'>,
  secrets: SecretReader,
  index: number,
): Promise<{ readonly pem: Secret; readonly where: string }> {
  if (pem !== undefined) return { pem, where: `no. ${index + 1}` };
  if (secret !== undefined) {
    return { pem: await readSecret(secret, secrets), where: `of \`secret://${secret.namespace}/${secret.name}\`` };
  }
  const path = file as string;
  try {
    return { pem: new Secret(await readFile(path, 'utf8')), where: `in \`${path}\`` };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw signingKeyError('SIGNING_KEY_REFUSED', `\`${path}\` cannot be read (${code ?? 'unknown reason'})`, { cause });
  }
}

async function readSecret(reference: SecretReference, secrets: SecretReader): Promise<Secret> {
  const holder = { namespace: reference.namespace, by: 'authorization server', connection: 'signing keys' };
  const { material } = await secrets.read(reference, holder);
  switch (material.kind) {
    case 'mtls':
      return material.privateKey;
    case 'password':
      return material.password;
    case 'bearer':
      return material.token;
    case 'api-key':
      return material.key;
    default:
      throw signingKeyError(
        'SIGNING_KEY_REFUSED',
        `\`secret://${reference.namespace}/${reference.name}\` is of the kind \`${material.kind}\`, which holds no private key`,
      );
  }
}
