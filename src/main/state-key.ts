import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/**
 * The key that seals `requestState`, in the data directory: the same after a restart, so that a call
 * in several rounds survives one, and the same for all processes on the directory. Made by whoever is
 * first; the exclusive flag decides between two who start at once.
 */
export function readStateKey(dataDir: string): Buffer {
  const file = join(dataDir, 'request-state.key');
  try {
    writeFileSync(file, randomBytes(BYTES), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = readFileSync(file);
  if (key.length !== BYTES) throw new Error(`\`${file}\` is not ${BYTES} bytes long; remove it and start again`);
  return key;
}
