/** A ciphertext as it lies in a column: `v1.KEY-ID.NONCE.TAG.CIPHERTEXT`, the last three in base64url. */
export interface SealedText {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

const KEY_ID = /^[0-9a-z]{26}$/;

export const formatSealedText = ({ keyId, nonce, tag, ciphertext }: SealedText): string =>
  ['v1', keyId, ...[nonce, tag, ciphertext].map((bytes) => bytes.toString('base64url'))].join('.');

/**
 * The parts of a sealed text; undefined for anything that `formatSealedText` does not write. One text,
 * one spelling: base64url has bits that decoders ignore, in which a change would pass unnoticed.
 */
export function parseSealedText(text: string): SealedText | undefined {
  const [version, keyId, ...encoded] = text.split('.');
  if (version !== 'v1' || keyId === undefined || !KEY_ID.test(keyId) || encoded.length !== 3) return undefined;
  const [nonce, tag, ciphertext] = encoded.map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer];
  if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return undefined;
  const sealed = { keyId, nonce, tag, ciphertext };
  return formatSealedText(sealed) === text ? sealed : undefined;
}
