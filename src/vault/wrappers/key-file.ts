import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isRecord, randomToken, Secret } from '#kernel';
import { vaultError } from '../errors.ts';
import { KeyInMemory } from './key-in-memory.ts';
import { DATA_KEY_BYTES } from './key-wrapper.ts';
import { parseStrongKey } from './strong-key.ts';

const ANYBODY_ELSE = 0o077;
const OTHERS_MAY_WRITE = 0o022;
const LARGEST = 1024;

/**
 * The wrapper whose key stands in a file as base64. With `create`, a missing file is made; without,
 * it is an error: a new key beside an old database would hide that the old one is lost.
 *
 * Throws `KEY_FILE_UNSAFE` for a link, for a file or directory that others may change, for a file
 * that others may read or own, `KEY_FILE_MISSING`, and `KEY_WEAK`.
 */
export function openKeyFile(file: string, create: boolean): KeyInMemory {
  checkDirectory(dirname(file));
  const existing = readKeyFile(file);
  if (existing === undefined) {
    if (!create) throw vaultError('KEY_FILE_MISSING', `there is no key file at \`${file}\``);
    makeKeyFile(file);
  }
  const text = existing ?? readKeyFile(file);
  if (text === undefined) throw vaultError('KEY_FILE_MISSING', `the key file \`${file}\` is gone again`);
  return new KeyInMemory('file', parseStrongKey(text, `\`${file}\``));
}

/** Who may write in the directory may put a key of theirs in the place of ours. */
function checkDirectory(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (!found?.isDirectory()) throw vaultError('KEY_FILE_UNSAFE', `there is no directory \`${directory}\``);
  if (process.platform !== 'win32' && (found.mode & OTHERS_MAY_WRITE) !== 0) {
    throw vaultError('KEY_FILE_UNSAFE', `others may write in \`${directory}\``);
  }
}

/** The text of the file, undefined where there is none; looked at through one descriptor throughout. */
function readKeyFile(file: string): Secret | undefined {
  let descriptor: number;
  try {
    // A pipe in its place must not hold the start; a link could lead to a key that somebody else chose.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    if (codeOf(cause) === 'ELOOP') throw vaultError('KEY_FILE_UNSAFE', `\`${file}\` is a link`, { cause });
    throw vaultError('KEY_FILE_UNSAFE', `\`${file}\` cannot be opened: ${codeOf(cause)}`, { cause });
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) throw vaultError('KEY_FILE_UNSAFE', `\`${file}\` is not a file`);
    if (facts.size > LARGEST) throw vaultError('KEY_FILE_UNSAFE', `\`${file}\` is larger than ${LARGEST} bytes`);
    if (process.platform !== 'win32' && (facts.mode & ANYBODY_ELSE) !== 0) {
      throw vaultError('KEY_FILE_UNSAFE', `others may read \`${file}\` (mode ${(facts.mode & 0o777).toString(8)})`);
    }
    if (process.getuid !== undefined && facts.uid !== process.getuid()) {
      throw vaultError('KEY_FILE_UNSAFE', `\`${file}\` belongs to the user ${facts.uid}, not to ${process.getuid()}`);
    }
    return new Secret(readFileSync(descriptor, 'utf8'));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes the file whole or not at all. It is flushed before it has its name, and the name before it is
 * used: data keys that outlive the key that wraps them would be lost with the power. Whoever comes
 * second among several that start at once takes the file of the first.
 */
function makeKeyFile(file: string): void {
  const draft = `${file}.${randomToken(8)}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    const key = randomBytes(DATA_KEY_BYTES);
    writeSync(descriptor, `${key.toString('base64')}\n`);
    key.fill(0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(draft, file);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  } finally {
    unlinkSync(draft);
  }
  const directory = openSync(dirname(file), constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

const codeOf = (error: unknown): unknown => (isRecord(error) ? error['code'] : undefined);
