import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { DatabaseSettings } from '#contract';
import type { Database } from '#db';
import { AuditLog, type CheckpointRhythm } from './audit-log.ts';
import { trustedKeysOf } from './checkpoint/former-keys.ts';
import { makeSigningKey, readSigningKey, type SigningKey, type TrustedKeys } from './checkpoint/signing-key.ts';
import { auditError } from './errors.ts';
import type { SubjectSealer } from './people/subject-sealer.ts';
import { KeyedDigest } from './record/digest.ts';
import type { AuditStore } from './store/store.ts';
import { paths } from './store/segments/layout.ts';
import { prepareDirectory, readOrCreate } from './store/segments/private-files.ts';
import { SegmentStore } from './store/segments/segment-store.ts';

export interface OpenAuditOptions {
  /** The folder `audit` of the data directory; made where missing. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkpoints?: CheckpointRhythm;
  /** `database:` and what it opened; with PostgreSQL the log lies there, and only its keys in `root`. */
  readonly storage?: { readonly settings: DatabaseSettings; readonly database: Database };
  /** The keys of people. */
  readonly sealer?: SubjectSealer;
}

const DIGEST_KEY_BYTES = 32;

/**
 * Opens the audit log of a data directory for appending, with its keys: made at first, 0600, refused
 * with `AUDIT_UNSAFE` when others may read them. Throws `AUDIT_UNAVAILABLE` when what is missing
 * cannot be made; a directory that is complete but cannot be written opens, see `AuditLog.open`.
 */
export async function openAuditLog(options: OpenAuditOptions): Promise<AuditLog> {
  const { root, clock, logger, checkpoints, sealer } = options;
  const { store, signingKey, trustedKeys } = await openAuditStore(options);
  const digestKey = readKey(join(root, 'digest.key'), () => randomBytes(DIGEST_KEY_BYTES));
  if (digestKey.length !== DIGEST_KEY_BYTES) {
    throw auditError('AUDIT_DAMAGED', `\`${join(root, 'digest.key')}\` is not ${DIGEST_KEY_BYTES} bytes long`);
  }
  return AuditLog.open({
    store,
    signingKey,
    trustedKeys,
    digest: new KeyedDigest(digestKey),
    clock,
    logger,
    ...(checkpoints && { checkpoints }),
    ...(sealer && { sealer }),
  });
}

/** The store and its keys alone, `trustedKeys` with those from before a restore: for reading, verifying and exporting without taking a chain. */
export async function openAuditStore({
  root,
  clock,
  storage,
}: Pick<OpenAuditOptions, 'root' | 'clock' | 'storage'>): Promise<{
  readonly store: AuditStore;
  readonly signingKey: SigningKey;
  readonly trustedKeys: TrustedKeys;
}> {
  const store = await openStore(root, clock, storage);
  const file = paths.signingKey(root);
  const pem = readKey(file, makeSigningKey);
  try {
    return { store, signingKey: readSigningKey(pem), trustedKeys: trustedKeysOf(root) };
  } catch (cause) {
    throw auditError('AUDIT_DAMAGED', `\`${file}\` holds no Ed25519 private key`, { cause });
  }
}

async function openStore(root: string, clock: Clock, storage: OpenAuditOptions['storage']): Promise<AuditStore> {
  if (storage?.settings.type !== 'postgres') return new SegmentStore({ root, clock });
  prepareDirectory(root);
  const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
  return await PostgresStore.open({ database: storage.database, settings: storage.settings, clock });
}

function readKey(file: string, make: () => Uint8Array): Buffer {
  try {
    return readOrCreate(file, make);
  } catch (cause) {
    if (cause instanceof ChatelaineError) throw cause;
    throw auditError('AUDIT_UNAVAILABLE', `cannot read or make \`${file}\`: ${(cause as Error).message}`, { cause });
  }
}
