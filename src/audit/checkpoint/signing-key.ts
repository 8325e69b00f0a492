import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';

/** The key that signs checkpoints, and its public half for whoever verifies. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The public keys that a verifier trusts, by id. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** A new Ed25519 key as PKCS #8 PEM. */
export function makeSigningKey(): Buffer {
  return Buffer.from(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** Throws when the text is no Ed25519 private key. */
export function readSigningKey(pem: Buffer): SigningKey {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('the signing key is not Ed25519');
  const publicKey = createPublicKey(privateKey);
  return { id: keyIdOf(publicKey), privateKey, publicKey };
}

/** A key's id is a digest of it: nobody can give another key the same id. */
export function keyIdOf(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex').slice(0, 32);
}

/** The public key as SPKI PEM, to be kept where the log's owner cannot reach it. */
export const exportPublicKey = ({ publicKey }: SigningKey): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** A trusted set from exported keys. Throws when a text is no Ed25519 public key. */
export function trustKeys(pems: readonly string[]): TrustedKeys {
  return new Map(
    pems.map((pem) => {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the public key is not Ed25519');
      return [keyIdOf(key), key];
    }),
  );
}
