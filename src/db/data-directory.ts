import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { databaseError } from './errors.ts';

/** The state file of a data directory. */
export const stateFile = (directory: string): string => join(directory, 'chatelaine.db');

/** Lies in a data directory while a restore into it has not finished. */
export const restoreMarker = (directory: string): string => join(directory, 'restore-incomplete.json');

/** Throws `RESTORE_INCOMPLETE` for a directory in which a restore was cut short: half a state looks like a whole one. */
export function checkRestored(directory: string): void {
  if (!existsSync(restoreMarker(directory))) return;
  throw databaseError('RESTORE_INCOMPLETE', `a restore into \`${directory}\` has not finished`);
}

const OTHERS_MAY_WRITE = 0o002;
const ANYBODY_ELSE = 0o077;

/**
 * Makes sure that a data directory exists and that nobody else may put anything into it: directories
 * that are missing are made 0700.
 *
 * Throws `DATA_DIRECTORY_UNSAFE` where everybody may write (they could put another
 * file in the place of ours), and `DATABASE_UNAVAILABLE` where the system refuses.
 */
export function prepareDataDirectory(directory: string): void {
  attempt(`make the directory \`${directory}\``, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  if (process.platform !== 'win32' && (statSync(directory).mode & OTHERS_MAY_WRITE) !== 0) {
    throw databaseError('DATA_DIRECTORY_UNSAFE', `everybody on this machine may write in \`${directory}\``);
  }
}

/**
 * Makes sure that the file and its directory exist and are ours alone: the file is made 0600, which
 * SQLite then gives its log beside it. A file that is more open is closed again.
 *
 * Throws as `prepareDataDirectory` does.
 */
export function prepareStateFile(file: string): void {
  prepareDataDirectory(dirname(file));
  attempt(`open \`${file}\``, () => closeSync(openSync(file, 'a', 0o600)));
  const found = statSync(file);
  if (process.platform !== 'win32' && (found.mode & ANYBODY_ELSE) !== 0) {
    attempt(`take the rights of others off \`${file}\``, () => chmodSync(file, 0o600));
  }
}

/** Throws `DATABASE_MISSING` unless the file is there. */
export function requireStateFile(file: string): void {
  const found: Stats | undefined = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw databaseError('DATABASE_MISSING', `there is no database at \`${file}\``);
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    throw databaseError('DATABASE_UNAVAILABLE', `cannot ${what}: ${(cause as Error).message}`, { cause });
  }
}
