import { existsSync } from 'node:fs';
import type { Clock, Logger } from '#kernel';
import type { DatabaseSettings } from '#contract';
import type { Database } from '#db';
import { AuditLog } from './audit-log.ts';
import type { CheckpointRhythm } from './checkpoint/checkpoint-turns.ts';
import { openDigestKey, openSigningKey, shareAuditKeys } from './audit-keys.ts';
import { trustedKeysOf } from './checkpoint/former-keys.ts';
import type { SigningKey, TrustedKeys } from './checkpoint/signing-key.ts';
import type { SubjectSealer } from './people/subject-sealer.ts';
import { paths } from './store/segments/layout.ts';
import type { AuditStore } from './store/store.ts';
import { prepareDirectory } from './store/segments/private-files.ts';
import { SegmentStore } from './store/segments/segment-store.ts';

export interface OpenAuditOptions {
  /** The folder `audit` of the data directory; made where missing. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkpoints?: CheckpointRhythm;
  /** `database:` and what it opened; with PostgreSQL the log lies there, and only its keys in `root`. */
  readonly storage?: { readonly settings: DatabaseSettings; readonly database: Pick<Database, 'db'> };
  /** The keys of people. */
  readonly sealer?: SubjectSealer;
}

/**
 * Opens the audit log of a data directory for appending, with its keys: made at first, 0600, refused
 * with `AUDIT_UNSAFE` when others may read them. Throws `AUDIT_UNAVAILABLE` when what is missing
 * cannot be made, `AUDIT_KEY_OF_ANOTHER_HOST` when other hosts of the database have other keys; a directory that is complete but cannot be written opens, see `AuditLog.open`.
 */
export async function openAuditLog(options: OpenAuditOptions): Promise<AuditLog> {
  const { root, clock, logger, checkpoints, sealer, storage } = options;
  // Before anything of the log is opened: a record under keys of its own could not be taken back.
  if (storage?.settings.type === 'postgres') await shareAuditKeys(root, storage.database.db, clock.now());
  const { store, signingKey, trustedKeys } = await openAuditStore(options);
  return AuditLog.open({
    store,
    signingKey,
    trustedKeys,
    digest: openDigestKey(root),
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
  if (storage?.settings.type !== 'postgres') {
    const store = new SegmentStore({ root, clock });
    return { store, ...signingKeysOf(root) };
  }
  prepareDirectory(root);
  const keys = signingKeysOf(root);
  const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
  const { database, settings } = storage;
  return { store: await PostgresStore.open({ database, settings, clock, keys: keys.trustedKeys }), ...keys };
}

const signingKeysOf = (root: string): { readonly signingKey: SigningKey; readonly trustedKeys: TrustedKeys } => ({
  signingKey: openSigningKey(root),
  trustedKeys: trustedKeysOf(root),
});

/** A log that nobody is to change, and the public keys that its data directory vouches for. */
export interface AuditView {
  readonly store: AuditStore;
  readonly keys: TrustedKeys;
}

/**
 * The log as it stands, for who looks at it and changes nothing: no folder, key or row is made. Undefined where
 * there is none. Throws `AUDIT_UNSAFE` when others may use its folder.
 */
export async function viewAudit({
  root,
  clock,
  storage,
}: Pick<OpenAuditOptions, 'root' | 'clock' | 'storage'>): Promise<AuditView | undefined> {
  const keys = trustedKeysOf(root);
  if (storage?.settings.type !== 'postgres') {
    if (!existsSync(paths.installation(root))) return undefined;
    return { store: new SegmentStore({ root, clock, mustExist: true }), keys };
  }
  const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
  const { database, settings } = storage;
  const store = await PostgresStore.existing({ database, settings, clock, keys });
  return store && { store, keys };
}
