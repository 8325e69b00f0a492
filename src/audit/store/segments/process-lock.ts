import { closeSync, lstatSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isRecord } from '#kernel';
import { checkOurs } from './private-files.ts';
import { FILE_MODE } from './append-file.ts';

/** Held until released or until the process is gone, however it went. */
export interface ProcessLock {
  release(): void;
}

const SQLITE_BUSY = 5;

// A POSIX lock belongs to the process, and closing any descriptor of the file drops it: a file that
// is locked here must not even be opened again here. (Nor read by anything else in this process.)
const held = new Set<string>();

/**
 * Takes the lock, undefined when somebody has it. Node has no `flock`; SQLite has portable locks that
 * end with their process, so an empty database that is never written to serves. A file with a process
 * id in it would not: in a container every process is number 1.
 *
 * Throws the system's error where the file cannot be written.
 */
export function tryLock(file: string): ProcessLock | undefined {
  if (held.has(file)) return undefined;
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) closeSync(openSync(file, 'a', FILE_MODE));
  checkOurs(file, 'file');
  // A probe by another process is over within microseconds; it shall not look like a living writer.
  const database = new DatabaseSync(file, { timeout: 20 });
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    if (isRecord(error) && Number(error['errcode']) % 256 === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(file);
  return {
    release() {
      if (!held.delete(file)) return;
      database.close();
    },
  };
}
