import { copyFileSync, createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { silentLogger, type Clock } from '#kernel';
import { closeChains, keepFormerKeys, logStream, openAuditLog, openAuditStore, trustedKeysOf, verifyLog } from '#audit';
import { restoreDatabase, stateFile, type AfterRestore, type DatabasePlace, type SnapshotPart } from '#db';
import { identityAfterRestore } from '#identity';
import { vaultAfterRestore } from '#vault';
import type { Opener } from '../archive/keys.ts';
import type { Manifest } from '../archive/manifest.ts';
import { readBackup } from '../archive/verify.ts';
import { backupError } from '../errors.ts';
import { checkContinues, ledgerFile, readLedger, type Ledger } from '../ledger/read-ledger.ts';
import { forgetLedgers } from '../store/ledgers-store.ts';
import { standingEnds } from './standing-ends.ts';
import { RestoreTarget } from './target.ts';

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
    const auditRecords = await checkAudit(target, manifest, request);
    const done = await restoreState(target, manifest, ledgers, request);
    const restored: RestoredBackup = {
      manifest,
      ledgerEntries: ledgers.reduce((sum, { entries }) => sum + entries.length, 0),
      ...done,
      auditRecords,
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

/** Holds the log to its chains and checkpoints, and closes its chains. Gives how many records it has. */
async function checkAudit(target: RestoreTarget, manifest: Manifest, request: RestoreBackup): Promise<number> {
  const root = join(target.staging, 'audit');
  if (manifest.audit === undefined) return 0;
  const kept = join(request.dataDirectory, 'audit');
  for (const name of existsSync(kept) ? readdirSync(kept) : []) {
    if (name.endsWith('.key')) copyFileSync(join(kept, name), join(root, name));
  }
  keepFormerKeys(root, manifest.audit.keys);
  mkdirSync(join(root, 'writers'), { recursive: true, mode: 0o700 });
  const { store } = await openAuditStore({ root, clock: request.clock });
  try {
    const report = await verifyLog(logStream(store), {
      installation: manifest.audit.installation,
      keys: trustedKeysOf(root),
      onProgress: ({ records }) => request.onProgress?.('verifying the audit log', records),
    });
    if (!report.ok) {
      throw backupError('BACKUP_UNREADABLE', `the audit log in the backup: ${report.findings[0]?.message ?? ''}`);
    }
    return report.records;
  } finally {
    await store.close();
    closeChains(root);
  }
}

async function restoreState(
  target: RestoreTarget,
  manifest: Manifest,
  ledgers: readonly Ledger[],
  request: RestoreBackup,
): Promise<{ endedAgain: number; sessionsEnded: number }> {
  const ends = standingEnds(ledgers.map(({ entries }) => entries));
  const modules = [...MODULES, ...(request.modules ?? [])];
  let done = { endedAgain: 0, sessionsEnded: 0 };
  request.onProgress?.('restoring the database', 0);
  await restoreDatabase(
    placeInStaging(target, request.place),
    request.clock,
    snapshotOf(target, manifest),
    async (trx) => {
      // May run again, from the beginning.
      done = { endedAgain: 0, sessionsEnded: 0 };
      const now = request.clock.now();
      // It is lost, and that is accepted: the next one that is written to is the first again.
      if (ledgers.length === 0) await forgetLedgers(trx);
      for (const module of modules) {
        done.endedAgain += (await module.replay?.(trx, ends, now)) ?? 0;
        done.sessionsEnded += (await module.endSessions?.(trx, now)) ?? 0;
      }
    },
  );
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
  const { manifest } = restored;
  const log = await openAuditLog({ root: join(target.staging, 'audit'), clock: request.clock, logger: silentLogger });
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
}
