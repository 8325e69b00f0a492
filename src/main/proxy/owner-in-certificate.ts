import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseOwnerId } from '#contract';
import { mainError } from '../errors.ts';

/**
 * Whom the certificate makes us, as `namespace/name`. Where somebody says it as well and means another, nothing could
 * ever be exchanged: the authorization server goes by the certificate. Throws `OPTION_INVALID`.
 */
export function ownerInCertificate(file: string, said: string | undefined): string {
  const [uri, ...others] = urisOf(file);
  const id = uri === undefined || others.length > 0 ? undefined : parseOwnerId(uri);
  if (id === undefined)
    throw mainError('OPTION_INVALID', `the certificate in \`${file}\` does not have exactly one SPIFFE ID`);
  if (!id.ok) throw mainError('OPTION_INVALID', `\`${uri}\` in \`${file}\` is the SPIFFE ID of no owner: ${id.error}`);
  const owner = `${id.value.namespace}/${id.value.name}`;
  if (said !== undefined && said !== owner)
    throw mainError(
      'OPTION_INVALID',
      `\`--owner ${said}\` is not who the certificate in \`${file}\` names: \`${owner}\``,
    );
  return owner;
}

function urisOf(file: string): readonly string[] {
  try {
    const { subjectAltName = '' } = new X509Certificate(readFileSync(file));
    return Array.from(subjectAltName.matchAll(/(?:^|, )URI:([^,\s]+)/g), ([, uri]) => uri as string);
  } catch (cause) {
    throw mainError('OPTION_INVALID', `\`--cert ${file}\` cannot be read as a certificate`, { cause });
  }
}
