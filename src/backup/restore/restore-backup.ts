import { copyFileSync, createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { silentLogger, type Clock } from '#kernel';
import type { PostgresSettings } from '#contract';
import {
  closeChains,
  closeTableChains,
  keepFormerKeys,
  logStream,
  openAuditLog,
  openAuditStore,
  verifyLog,
  type OpenAuditOptions,
} from '#audit';
import {
  openDatabase,
  restoreDatabase,
  stateFile,
  type AfterRestore,
  type DatabaseOrTransaction,
  type DatabasePlace,
  type SnapshotPart,
} from '#db';
import { identityAfterRestore } from '#identity';
import { vaultAfterRestore } from '#vault';
import type { Opener } from '../archive/keys.ts';
import type { Manifest } from '../archive/manifest.ts';
import { readBackup } from '../archive/verify.ts';
import { backupError } from '../errors.ts';
import { checkContinues, ledgerFile, readLedger, type Ledger } from '../ledger/read-ledger.ts';
import { forgetLedgers } from '../store/ledgers-store.ts';
import { standingEnds } from './standing-ends.ts';
import { RestoreTarget, syncPath } from './target.ts';

export interface RestoreBackup {
  readonly file: string;
  readonly opener: Opener;
  readonly place: DatabasePlace;
  readonly dataDirectory: string;
  /** Where the ledger is, and where it will be written on. */
  readonly ledgerFolder: string;
  /** Ledgers elsewhere: of other hosts of the installation, or before it is put in its place. */
  readonly otherLedgers?: readonly string[];
  /** Restore although the ledger is gone. What was revoked since the backup comes back. */
  readonly acceptLostRevocations?: boolean;
  /** What modules above this one do to a restored state. */
  readonly modules?: readonly AfterRestore[];
  readonly clock: Clock;
  readonly onProgress?: ((step: string, bytes: number) => void) | undefined;
}

export interface RestoredBackup {
  readonly manifest: Manifest;
  /** Entries of the ledger that were looked at, and how many rows they changed. */
  readonly ledgerEntries: number;
  readonly endedAgain: number;
  readonly sessionsEnded: number;
  /** Records of the restored log that were held against their chains and checkpoints. */
  readonly auditRecords: number;
  readonly lostRevocations: boolean;
}

/** What may come out of a backup; never a key that would then be trusted. */
const PARTS =
  /^(database\/(chatelaine\.db|[a-z_]+\.ndjson)|audit\/(installation|checkpoints\.log|writers\/[0-9a-hjkmnp-tv-z]{26}\/\d{16}\.log))$/;

/** Below modules that register later. */
const MODULES: readonly AfterRestore[] = [vaultAfterRestore, identityAfterRestore];

/**
 * Restores a backup into an empty place. Everything is verified before anything is moved there: the
 * file, the ledger, the audit log. Then ends that came after the backup are carried out again, sessions
 * are ended, and the log, in which nobody continues a restored chain, says what was done.
 *
 * Throws `LEDGER_MISSING`, `LEDGER_SHORTENED`, `LEDGER_DAMAGED`, `RESTORE_TARGET_USED`,
 * `RESTORE_MISMATCH`, `BACKUP_UNREADABLE`, `BACKUP_KEY_WRONG`, and as the database does. After a failure the
 * directory is as it was; killed, it says that it is incomplete, and the next restore begins anew.
 */
export async function restoreBackup(request: RestoreBackup): Promise<RestoredBackup> {
  const { file, dataDirectory, clock, onProgress } = request;
  const target = RestoreTarget.begin(dataDirectory, { backup: file, since: new Date(clock.now()).toISOString() });
  let moving = false;
  try {
    let read = 0;
    const manifest = await readBackup(file, request.opener, async ({ name, data }) => {
      if (!PARTS.test(name)) throw backupError('BACKUP_UNREADABLE', `no backup of ours holds \`${name}\``);
      const path = join(target.staging, name.replace(/^database\/(?=chatelaine\.db$)/, ''));
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const bytes of data) {
          onProgress?.('reading the backup', (read += bytes.length));
          yield bytes;
        }
      };
      await pipeline(counted, createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }));
    });
    checkKind(manifest, request.place);
    const ledgers = findLedgers(request, manifest);
    const done = await restoreState(target, manifest, ledgers, request);
    const restored: RestoredBackup = {
      manifest,
      ledgerEntries: ledgers.reduce((sum, { entries }) => sum + entries.length, 0),
      ...done,
      lostRevocations: ledgers.length === 0,
    };
    await record(target, restored, request);
    moving = true;
    putLedger(request, manifest);
    target.finish();
    return restored;
  } catch (error) {
    if (!moving) target.abandon();
    throw error;
  }
}

function checkKind(manifest: Manifest, place: DatabasePlace): void {
  const here = 'postgres' in place ? 'postgres' : 'sqlite';
  if (manifest.database.type === here) return;
  throw backupError('RESTORE_MISMATCH', `the backup is of \`${manifest.database.type}\`, and the place is \`${here}\``);
}

/** The ledger that the backup knows, whole and not shorter than it saw it, and others of the installation. */
function findLedgers(request: RestoreBackup, { ledger: seen }: Manifest): readonly Ledger[] {
  const folders = [...new Set([request.ledgerFolder, ...(request.otherLedgers ?? [])])];
  const found = folders.map((folder) => readLedger(folder)).filter((ledger) => ledger !== undefined);
  const own = found.find(({ head }) => head.ledger === seen.ledger) ?? found[0];
  if (own !== undefined) checkContinues(own, seen);
  else if (request.acceptLostRevocations !== true) {
    throw backupError('LEDGER_MISSING', `there is no ledger in \`${folders.join('`, `')}\``);
  }
  return found;
}

/** Puts the keys that the log is verified and continued with beside where it grows; gives the folder. */
function placeAuditKeys(target: RestoreTarget, { audit }: Manifest, request: RestoreBackup): string {
  const root = join(target.staging, 'audit');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const kept = join(request.dataDirectory, 'audit');
  for (const name of existsSync(kept) ? readdirSync(kept) : []) {
    if (!name.endsWith('.key')) continue;
    copyFileSync(join(kept, name), join(root, name));
    // It is moved over the one that was put back.
    syncPath(join(root, name));
  }
  keepFormerKeys(root, audit?.keys ?? []);
  return root;
}

/**
 * Holds the log, in files or in the tables of `storage`, to its chains and checkpoints; gives how many
 * records it has. Throws `BACKUP_UNREADABLE`.
 */
async function verifyAudit(
  root: string,
  { installation }: NonNullable<Manifest['audit']>,
  { clock, onProgress }: RestoreBackup,
  storage?: OpenAuditOptions['storage'],
): Promise<number> {
  const { store, trustedKeys: keys } = await openAuditStore({ root, clock, ...(storage && { storage }) });
  try {
    const report = await verifyLog(logStream(store), {
      installation,
      keys,
      onProgress: ({ records }) => onProgress?.('verifying the audit log', records),
    });
    if (report.ok) return report.records;
    throw backupError('BACKUP_UNREADABLE', `the audit log in the backup: ${report.findings[0]?.message ?? ''}`);
  } finally {
    await store.close();
  }
}

/** Verifies a log in files, before anything is moved, and closes its chains. */
async function checkFiles(root: string, manifest: Manifest, request: RestoreBackup): Promise<number> {
  if (manifest.audit === undefined) return 0;
  mkdirSync(join(root, 'writers'), { recursive: true, mode: 0o700 });
  const records = await verifyAudit(root, manifest.audit, request);
  closeChains(root);
  return records;
}

/** The same for a log in tables, in the transaction that fills them: nobody sees one that does not verify. */
async function checkTables(
  trx: DatabaseOrTransaction,
  settings: PostgresSettings,
  root: string,
  manifest: Manifest,
  request: RestoreBackup,
): Promise<number> {
  const storage = { settings, database: { db: trx } };
  const records = manifest.audit === undefined ? 0 : await verifyAudit(root, manifest.audit, request, storage);
  await closeTableChains(trx, request.clock.now());
  return records;
}

async function restoreState(
  target: RestoreTarget,
  manifest: Manifest,
  ledgers: readonly Ledger[],
  request: RestoreBackup,
): Promise<{ endedAgain: number; sessionsEnded: number; auditRecords: number }> {
  const { place, clock } = request;
  const root = placeAuditKeys(target, manifest, request);
  const inFiles = 'postgres' in place ? 0 : await checkFiles(root, manifest, request);
  const ends = standingEnds(ledgers.map(({ entries }) => entries));
  const modules = [...MODULES, ...(request.modules ?? [])];
  let done = { endedAgain: 0, sessionsEnded: 0, auditRecords: 0 };
  request.onProgress?.('restoring the database', 0);
  await restoreDatabase(placeInStaging(target, place), clock, snapshotOf(target, manifest), async (trx) => {
    // May run again, from the beginning.
    done = { endedAgain: 0, sessionsEnded: 0, auditRecords: inFiles };
    if ('postgres' in place) done.auditRecords = await checkTables(trx, place.postgres, root, manifest, request);
    // It is lost, and that is accepted: the next one that is written to is the first again.
    if (ledgers.length === 0) await forgetLedgers(trx);
    const now = clock.now();
    for (const module of modules) {
      done.endedAgain += (await module.replay?.(trx, ends, now)) ?? 0;
      done.sessionsEnded += (await module.endSessions?.(trx, now)) ?? 0;
    }
  });
  return done;
}

/** The state grows in the staging folder; the keyring that was kept apart is the one it will have. */
function placeInStaging(target: RestoreTarget, place: DatabasePlace): DatabasePlace {
  if ('postgres' in place) return place;
  return { file: stateFile(target.staging), keyring: place.keyring ?? join(target.directory, 'keyring.db') };
}

function snapshotOf(target: RestoreTarget, manifest: Manifest) {
  const parts = manifest.parts
    .filter(({ name }) => name.startsWith('database/') && name.endsWith('.ndjson'))
    .map(({ name }): SnapshotPart => ({
      name: name.slice('database/'.length),
      data: lazily(join(target.staging, name)),
    }));
  return { migrations: manifest.database.migrations, parts };
}

async function* lazily(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}

/** In a new chain of the restored log: a log that was set back says so itself. */
async function record(target: RestoreTarget, restored: RestoredBackup, request: RestoreBackup): Promise<void> {
  const { place, clock } = request;
  const root = join(target.staging, 'audit');
  if (!('postgres' in place)) return await append(restored, { root, clock, logger: silentLogger });
  const database = await openDatabase({ ...place, clock });
  try {
    const storage = { settings: place.postgres, database };
    await append(restored, { root, clock, logger: silentLogger, storage });
  } finally {
    await database.close();
  }
}

async function append(restored: RestoredBackup, options: OpenAuditOptions): Promise<void> {
  const { manifest } = restored;
  const log = await openAuditLog(options);
  try {
    await log.append({
      class: 'administration',
      type: 'backup.restored',
      door: 'cli',
      actor: { kind: 'system', iss: 'chatelaine', sub: 'restore', name: 'chatelaine restore' },
      action: 'restore',
      object: { kind: 'backup', namespace: '', name: manifest.id },
      outcome: 'success',
      details: {
        backupCreatedAt: manifest.createdAt,
        version: manifest.version,
        checkpoints: manifest.audit?.checkpoints ?? 0,
        auditRecords: restored.auditRecords,
        ledger: manifest.ledger.ledger,
        ledgerEntries: restored.ledgerEntries,
        endedAgain: restored.endedAgain,
        sessionsEnded: restored.sessionsEnded,
        lostRevocations: restored.lostRevocations,
      },
    });
  } finally {
    await log.close();
  }
}

/** The ledger is written on where the configuration says; one that came from elsewhere is copied there. */
function putLedger(request: RestoreBackup, { ledger: seen }: Manifest): void {
  const own = ledgerFile(request.ledgerFolder);
  if (existsSync(own)) return;
  const found = (request.otherLedgers ?? []).find((folder) => readLedger(folder)?.head.ledger === seen.ledger);
  if (found === undefined) return;
  mkdirSync(request.ledgerFolder, { recursive: true, mode: 0o700 });
  copyFileSync(ledgerFile(found), own);
  syncPath(own);
  syncPath(request.ledgerFolder);
}
