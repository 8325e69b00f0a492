import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mainError } from './errors.ts';

const BYTES = 32;

/**
 * The key that seals `requestState`, in the data directory: the same after a restart, so that a call
 * in several rounds survives one, and the same for all processes on the directory. Made by whoever is
 * first: written beside, flushed and linked into place, so that nobody ever reads half a key, and a server
 * whose power failed starts again. Throws `STATE_KEY_UNUSABLE`.
 */
export function readStateKey(dataDir: string): Buffer {
  const file = join(dataDir, 'request-state.key');
  const key = readIfThere(file) ?? makeKey(dataDir, file);
  if (key.length !== BYTES) {
    throw mainError('STATE_KEY_UNUSABLE', `\`${file}\` is ${key.length} bytes long, and a key is ${BYTES}`);
  }
  return key;
}

function makeKey(dataDir: string, file: string): Buffer {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, randomBytes(BYTES), { mode: 0o600, flush: true });
  try {
    linkSync(beside, file);
  } catch (error) {
    // Another process was first: its key is the key. Where files cannot be linked, the last one's is.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
  }
  const directory = openSync(dataDir, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return readFileSync(file);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
