/**
 * Pins of public keys, as RFC 7469 §2.4 makes them: the SHA-256 of a certificate's SubjectPublicKeyInfo. A key that
 * is certified anew keeps its pin; another key has another, whoever certified it.
 */
import { createHash } from 'node:crypto';
import { egressError } from './errors.ts';

/**
 * Why a server that showed this certificate is not one whose key is pinned; undefined where it is. `pins` in base64;
 * `where` is the server in messages. What cannot be read is no pinned key.
 */
export function refuseUnpinned(certificate: Buffer | undefined, pins: readonly string[], where: string) {
  const pin = certificate === undefined ? undefined : pinOf(certificate);
  if (pin !== undefined && pins.includes(pin)) return undefined;
  const seen = pin === undefined ? 'shows no certificate whose key could be read' : `has the key \`sha256/${pin}\``;
  const none = pins.length === 1 ? 'which is not the one that is pinned' : 'which is none of those that are pinned';
  return egressError(
    'EGRESS_KEY_NOT_PINNED',
    `\`${where}\` ${seen}${pin === undefined ? '' : `, ${none}`}; nothing was sent`,
  );
}

/** The pin of a certificate's key in base64; undefined for bytes that are no certificate. */
export function pinOf(certificate: Buffer): string | undefined {
  const spki = publicKeyInfo(certificate);
  return spki && createHash('sha256').update(spki).digest('base64');
}

const SEQUENCE = 0x30;
const VERSION = 0xa0;

/**
 * SubjectPublicKeyInfo as it stands in the certificate (RFC 5280 §4.1). Read from the bytes: what a library makes of
 * the key and writes again may be spelled otherwise than what was signed.
 */
function publicKeyInfo(certificate: Buffer): Buffer | undefined {
  const outer = valueAt(certificate, 0);
  const body = outer && valueAt(certificate, outer.content);
  if (outer?.tag !== SEQUENCE || body?.tag !== SEQUENCE) return undefined;
  let value = valueAt(certificate, body.content);
  // serialNumber, signature, issuer, validity, subject; `version` before them where it is not the first.
  for (let passed = value?.tag === VERSION ? -1 : 0; value !== undefined && passed < 5; passed++)
    value = valueAt(certificate, value.end);
  if (value?.tag !== SEQUENCE || value.end > body.end) return undefined;
  return certificate.subarray(value.start, value.end);
}

interface DerValue {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** One value of DER with a tag of one byte, or undefined where it is cut off. */
function valueAt(bytes: Buffer, start: number): DerValue | undefined {
  const [tag, first] = [bytes[start], bytes[start + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const content = start + 2 + octets;
  if (octets > 3 || (first >= 0x80 && octets === 0) || content > bytes.length) return undefined;
  const end = content + (octets === 0 ? first : bytes.readUIntBE(start + 2, octets));
  return end > bytes.length ? undefined : { tag, start, content, end };
}
