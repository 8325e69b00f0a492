import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../store/segments/layout.ts';
import { syncDirectory, writeFlushed } from '../store/segments/private-files.ts';
import { exportPublicKey, keyIdOf, readSigningKey, trustKeys, type TrustedKeys } from './signing-key.ts';

/**
 * The public keys, PEM, that the data directory itself vouches for: of its signing key, and of those that
 * signed before a restore. Whoever can write there can add one, so a verifier who trusts nobody there
 * brings keys from elsewhere.
 */
export function publicKeysOf(root: string): readonly string[] {
  const file = paths.signingKey(root);
  const current = existsSync(file) ? [exportPublicKey(readSigningKey(readFileSync(file)))] : [];
  const folder = paths.formerKeys(root);
  const former = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^[0-9a-f]{32}\.pem$/.test(name))
        .toSorted()
        .map((name) => readFileSync(join(folder, name), 'utf8'))
    : [];
  return [...current, ...former];
}

/** The same, to verify with. */
export const trustedKeysOf = (root: string): TrustedKeys => trustKeys(publicKeysOf(root));

/** Puts public keys, PEM, among the former ones; on the disk when it returns. */
export function keepFormerKeys(root: string, pems: readonly string[]): void {
  const folder = paths.formerKeys(root);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const pem of pems) {
    for (const key of trustKeys([pem]).values()) {
      writeFlushed(join(folder, `${keyIdOf(key)}.pem`), pem);
    }
  }
  syncDirectory(folder);
  syncDirectory(root);
}
