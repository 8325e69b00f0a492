import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isRecord, type Clock } from '#kernel';
import { prepareStateFile } from '../data-directory.ts';
import { databaseError } from '../errors.ts';
import { isBusy, translateFailure } from './failure.ts';

/** A data directory that is this process's to serve. */
export interface DirectoryClaim {
  release(): void;
}

/**
 * Claims a data directory for the server that this process is. Commands and the processes of the same
 * server need no claim.
 *
 * The claim is a lock of the operating system, taken by SQLite on an empty file of its own: it ends
 * with the process however that ends, so there is nothing to clean up and nothing that could be stale.
 * A file beside it says whose it is; it is read only while somebody holds the lock.
 *
 * Throws `DATA_DIRECTORY_TAKEN` with the process that has it, and the errors of `prepareStateFile`.
 */
export function claimDataDirectory(directory: string, clock: Clock): DirectoryClaim {
  const lock = join(directory, 'serving.lock');
  const note = join(directory, 'serving.json');
  prepareStateFile(lock);
  const held = takeLock(lock, () => describeHolder(note));
  writeFileSync(note, `${JSON.stringify({ pid: process.pid, host: hostname(), since: clock.now() })}\n`, {
    mode: 0o600,
  });
  return {
    release() {
      rmSync(note, { force: true });
      held.close();
    },
  };
}

function takeLock(file: string, holder: () => string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('begin exclusive');
    return database;
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw translateFailure(error);
    throw databaseError('DATA_DIRECTORY_TAKEN', `the data directory is served by ${holder()}`, { cause: error });
  }
}

function describeHolder(note: string): string {
  try {
    const said: unknown = JSON.parse(readFileSync(note, 'utf8'));
    if (!isRecord(said)) return 'another process';
    const since = new Date(Number(said['since'])).toISOString().replace(/\.\d+Z$/, 'Z');
    const elsewhere = said['host'] === hostname() ? '' : ` on \`${String(said['host'])}\``;
    return `the process ${Number(said['pid'])}${elsewhere}, since ${since}`;
  } catch {
    // It has the lock and has not yet said who it is.
    return 'another process that starts now';
  }
}
