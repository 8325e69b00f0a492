import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { equalBytes } from '#kernel';
import { mainError } from '../errors.ts';

/** The files that all hosts of one PostgreSQL have: names in the folder, and where they are in a data directory. */
export const HOST_KEY_FILES: Readonly<Record<string, string>> = {
  'vault.key': 'vault.key',
  'audit-signing.key': 'audit/signing.key',
  'audit-digest.key': 'audit/digest.key',
};

const LARGEST = 64 * 1024;

/**
 * Takes the keys that hosts share from a folder into a data directory that has none: a mounted secret is of links and of
 * root, and what the vault and the audit log read is ours and closed to everybody else. What is there already stays, and
 * must be the same. Throws `HOST_KEYS_UNUSABLE`.
 */
export function takeHostKeys(folder: string, dataDir: string): void {
  for (const [name, place] of Object.entries(HOST_KEY_FILES)) {
    const bytes = read(join(folder, name));
    const file = join(dataDir, place);
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) write(file, bytes);
    else if (!equalBytes(readFileSync(file), bytes))
      throw mainError('HOST_KEYS_UNUSABLE', `\`${file}\` is another key than \`${join(folder, name)}\``);
  }
}

function read(file: string): Buffer {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > 0 && bytes.length <= LARGEST) return bytes;
  } catch (cause) {
    throw mainError('HOST_KEYS_UNUSABLE', `\`${file}\` cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
  throw mainError('HOST_KEYS_UNUSABLE', `\`${file}\` is no key`);
}

function write(file: string, bytes: Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
