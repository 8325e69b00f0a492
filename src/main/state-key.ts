import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/**
 * The key that seals `requestState`, in the data directory: the same after a restart, so that a call
 * in several rounds survives one, and the same for all processes on the directory. Made by whoever is
 * first: written beside and linked into place, so that nobody ever reads half a key.
 */
export function readStateKey(dataDir: string): Buffer {
  const file = join(dataDir, 'request-state.key');
  const key = readIfThere(file) ?? makeKey(file);
  if (key.length !== BYTES) throw new Error(`\`${file}\` is not ${BYTES} bytes long; remove it and start again`);
  return key;
}

function makeKey(file: string): Buffer {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, randomBytes(BYTES), { mode: 0o600 });
  try {
    linkSync(beside, file);
  } catch (error) {
    // Another process was first: its key is the key. Where files cannot be linked, the last one's is.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
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
