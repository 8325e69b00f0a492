import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { ChatelaineError, newId, type Clock } from '#kernel';
import { prepareDataDirectory, snapshotDatabase, withFileLock, type DatabasePlace } from '#db';
import { snapshotAudit, snapshotTables } from '#audit';
import { END_OF_PARTS, writePart, type Entry, type Part } from '../archive/entries.ts';
import type { Recipient } from '../archive/keys.ts';
import { MANIFEST, type Manifest } from '../archive/manifest.ts';
import { SealedWriter } from '../archive/sealed-file.ts';
import { readBackup } from '../archive/verify.ts';
import { backupError } from '../errors.ts';
import type { FileLedger } from '../ledger/file-ledger.ts';
import { deletePartials, newBackupName, partialOf } from './folder.ts';

export interface BackupSource {
  readonly place: DatabasePlace;
  readonly dataDirectory: string;
  readonly ledger: FileLedger;
}

export interface CreateBackup extends BackupSource {
  /** Where it goes; made where missing. */
  readonly folder: string;
  readonly recipient: Recipient;
  readonly clock: Clock;
  /** Of Chatelaine, for the manifest. */
  readonly version: string;
  /** Asked once nobody else makes one here any more; when it says no, another process has just made it. */
  readonly stillWanted?: (() => boolean) | undefined;
  /** Told what is being written or read back, and how many bytes of it have been. */
  readonly onProgress?: ((step: string, bytes: number) => void) | undefined;
}

export interface CreatedBackup {
  readonly file: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

const SCRATCH = '.backup-';

/**
 * Makes a backup while everybody goes on: the ledger's place, then the database of one moment, then the
 * audit log, which so holds at least what the database shows. It has its name only once it lies on the
 * disk and was read back whole, so what has the name is a backup, whenever the process dies.
 *
 * Throws `BACKUP_BUSY` while another process is at it in this folder, `BACKUP_FAILED`, and the errors of
 * database, log and ledger.
 */
export async function createBackup(request: CreateBackup): Promise<CreatedBackup> {
  prepareDataDirectory(request.folder);
  mkdirSync(request.dataDirectory, { recursive: true, mode: 0o700 });
  try {
    return await withFileLock(join(request.folder, '.lock'), () => create(request));
  } catch (cause) {
    if (!(cause instanceof ChatelaineError)) {
      throw backupError('BACKUP_FAILED', `the backup failed: ${(cause as Error).message}`, { cause });
    }
    if (cause.code !== 'DATABASE_BUSY' || !cause.message.includes('.lock')) throw cause;
    throw backupError('BACKUP_BUSY', `another process makes a backup into \`${request.folder}\``, { cause });
  }
}

async function create(request: CreateBackup): Promise<CreatedBackup> {
  const { folder, dataDirectory, clock } = request;
  if (request.stillWanted?.() === false) {
    throw backupError('BACKUP_BUSY', `another process has just made a backup into \`${folder}\``);
  }
  deletePartials(folder);
  // A killed backup leaves a copy of the database behind; the lock says that it is nobody's.
  for (const name of readdirSync(dataDirectory)) {
    if (name.startsWith(SCRATCH)) rmSync(join(dataDirectory, name), { recursive: true, force: true });
  }
  const name = newBackupName(clock.now());
  const partial = join(folder, partialOf(name));
  const scratch = mkdtempSync(join(dataDirectory, SCRATCH));
  try {
    const { manifest, fileKey } = await write(request, partial, scratch);
    let read = 0;
    await readBackup(partial, { fileKey }, async ({ data }) => {
      for await (const bytes of data) request.onProgress?.('verifying', (read += bytes.length));
    });
    const file = join(folder, name);
    renameSync(partial, file);
    syncDirectory(folder);
    return { file, bytes: statSync(file).size, manifest };
  } finally {
    rmSync(partial, { force: true });
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function write(
  request: CreateBackup,
  partial: string,
  scratch: string,
): Promise<{ manifest: Manifest; fileKey: Buffer }> {
  const { clock, onProgress } = request;
  // Before the database: what is in the ledger by now was at least announced when the copy is taken.
  const ledger = await request.ledger.begin();
  const createdAt = clock.now();
  onProgress?.('copying the database', 0);
  const database = await snapshotDatabase(request.place, scratch);
  const writer = await SealedWriter.create(partial, request.recipient);
  try {
    const entries: Entry[] = [];
    let written = 0;
    const add = async (step: string, part: Part): Promise<void> => {
      const entry = await writePart(part, async (bytes) => {
        await writer.write(bytes);
        onProgress?.(step, (written += bytes.length));
      });
      entries.push(entry);
    };
    for await (const part of database.parts()) {
      await add('writing the database', { ...part, name: `database/${part.name}` });
    }
    const root = join(request.dataDirectory, 'audit');
    const { query } = database;
    const audit = query === undefined ? await snapshotAudit(root) : await snapshotTables({ query }, root);
    for (const part of audit?.parts ?? []) await add('writing the audit log', { ...part, name: `audit/${part.name}` });
    const manifest: Manifest = {
      v: 1,
      id: newId(createdAt),
      createdAt: new Date(createdAt).toISOString(),
      version: request.version,
      database: { type: database.type, migrations: [...database.migrations] },
      ...(audit !== undefined && {
        audit: {
          installation: audit.installation,
          keys: [...audit.keys],
          checkpoints: audit.checkpoints,
          writers: audit.writers.map(({ id, seq, hash }) => ({ id, seq, hash })),
        },
      }),
      ledger,
      parts: entries,
    };
    await writePart({ name: MANIFEST, data: oneChunk(JSON.stringify(manifest)) }, (bytes) => writer.write(bytes));
    await writer.write(END_OF_PARTS);
    await writer.end();
    return { manifest, fileKey: writer.fileKey };
  } finally {
    await writer.abandon();
    await database.close();
  }
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
