import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ChatelaineError } from '#kernel';
import { claimHostKey, findHostKey, replaceHostKey, type DatabaseOrTransaction, type HostKey } from '#db';
import { trustedKeysOf } from './checkpoint/former-keys.ts';
import { makeSigningKey, readSigningKey, type SigningKey } from './checkpoint/signing-key.ts';
import { auditError } from './errors.ts';
import { KeyedDigest } from './record/digest.ts';
import { paths } from './store/segments/layout.ts';
import { prepareDirectory, readOrCreate } from './store/segments/private-files.ts';

const DIGEST_KEY_BYTES = 32;
const digestKeyFile = (root: string): string => join(root, 'digest.key');

/** The key that signs checkpoints; made where there is none. Throws `AUDIT_DAMAGED`, `AUDIT_UNAVAILABLE`, `AUDIT_UNSAFE`. */
export function openSigningKey(root: string): SigningKey {
  const file = paths.signingKey(root);
  const pem = readKey(file, makeSigningKey);
  try {
    return readSigningKey(pem);
  } catch (cause) {
    throw auditError('AUDIT_DAMAGED', `\`${file}\` holds no Ed25519 private key`, { cause });
  }
}

/** The key of digests, likewise. */
export function openDigestKey(root: string): KeyedDigest {
  const file = digestKeyFile(root);
  const key = readKey(file, () => randomBytes(DIGEST_KEY_BYTES));
  if (key.length === DIGEST_KEY_BYTES) return new KeyedDigest(key);
  throw auditError('AUDIT_DAMAGED', `\`${file}\` is not ${DIGEST_KEY_BYTES} bytes long`);
}

/**
 * Holds the keys in `root` to those that the other hosts of the database have; the first host's are those.
 * None is made where others have one already. A signing key whose predecessor is among the former keys of this
 * host takes its place: whoever has both replaced it.
 *
 * Throws `AUDIT_KEY_OF_ANOTHER_HOST`, and as reading the keys does.
 */
export async function shareAuditKeys(root: string, db: DatabaseOrTransaction, now: number): Promise<void> {
  prepareDirectory(root);
  const keys: readonly (readonly [name: HostKey, file: string, fingerprint: () => string])[] = [
    ['audit/signing.key', paths.signingKey(root), () => openSigningKey(root).id],
    ['audit/digest.key', digestKeyFile(root), () => openDigestKey(root).id],
  ];
  for (const [name, file, fingerprint] of keys) {
    const recorded = await findHostKey(db, name);
    if (recorded !== undefined && !existsSync(file)) {
      throw auditError(
        'AUDIT_KEY_OF_ANOTHER_HOST',
        `there is no \`${file}\`, and the hosts of this database have the key \`${recorded}\` there`,
      );
    }
    const own = fingerprint();
    const first = await claimHostKey(db, name, own, now);
    if (first === own) continue;
    if (name === 'audit/signing.key' && trustedKeysOf(root).has(first)) {
      await replaceHostKey(db, name, { from: first, to: own, now });
      continue;
    }
    throw auditError(
      'AUDIT_KEY_OF_ANOTHER_HOST',
      `\`${file}\` holds the key \`${own}\`, and the hosts of this database have \`${first}\` there`,
    );
  }
}

function readKey(file: string, make: () => Uint8Array): Buffer {
  try {
    return readOrCreate(file, make);
  } catch (cause) {
    if (cause instanceof ChatelaineError) throw cause;
    throw auditError('AUDIT_UNAVAILABLE', `cannot read or make \`${file}\`: ${(cause as Error).message}`, { cause });
  }
}
