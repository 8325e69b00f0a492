import { readFile } from 'node:fs/promises';
import type { SecretReader, SecretReference, SigningKeySettings } from '#contract';
import { Secret } from '#kernel';
import { signingKeyError } from './errors.ts';
import { parseSigner, type Signer } from './key-material.ts';

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
