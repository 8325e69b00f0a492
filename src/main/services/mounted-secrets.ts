import { readFile } from 'node:fs/promises';
import { formatSecretReference, type MountedSecret, type SecretMaterial } from '#contract';
import { Secret, sha256Hex } from '#kernel';
import type { Vault } from '#vault';
import { mainError } from '../errors.ts';

/** No file of a secret is larger. */
const LARGEST = 64 * 1024;

/**
 * Secrets of the vault, of which those in `mounted` are files: read at each use, so that a file that is replaced counts
 * for the next. What is named twice is the file. They have one version, which no reference names by number.
 */
export function mountedSecrets(reader: Vault['reader'], mounted: readonly MountedSecret[]): Vault['reader'] {
  if (mounted.length === 0) return reader;
  const secrets = new Map(mounted.map((one) => [`${one.namespace}/${one.name}`, one]));
  const readVersion: Vault['reader']['readVersion'] = async (reference, use) => {
    const found = secrets.get(`${reference.namespace}/${reference.name}`);
    if (found === undefined || reference.version !== undefined || use.namespace !== found.namespace)
      return await reader.readVersion(reference, use);
    const material = await materialOf(found, formatSecretReference(reference));
    return { ...material, version: 1, endsAt: undefined };
  };
  return { read: async (reference, use) => (await readVersion(reference, use)).material, readVersion };
}

async function materialOf(
  secret: MountedSecret,
  name: string,
): Promise<{ readonly material: SecretMaterial; readonly secretId: string }> {
  switch (secret.kind) {
    case 'api-key':
      return held(await readText(secret.key, name), (key) => ({ kind: 'api-key', key }));
    case 'bearer':
      return held(await readText(secret.token, name), (token) => ({ kind: 'bearer', token }));
    case 'password':
      return held(await readText(secret.password, name), (password) => ({ kind: 'password', password }));
    case 'oauth-client': {
      const { clientId } = secret;
      return held(await readText(secret.clientSecret, name), (clientSecret) => ({
        kind: 'oauth-client',
        clientId,
        clientSecret,
      }));
    }
  }
}

/** Whoever keeps what it made of a secret has to notice another: the id is of what is in the file. */
const held = (text: string, make: (secret: Secret) => SecretMaterial) => ({
  material: make(new Secret(text)),
  secretId: `file-${sha256Hex(text).slice(0, 16)}`,
});

/** Without the line end that editors and `echo` leave. */
async function readText(file: string, name: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw mainError(
      'SECRET_FILE_UNREADABLE',
      `\`${name}\` is in \`${file}\`, which cannot be read (${code ?? message})`,
      {
        cause,
      },
    );
  }
}
