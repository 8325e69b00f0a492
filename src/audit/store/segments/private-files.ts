import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { randomToken } from '#kernel';
import { auditError } from '../../errors.ts';
import { FILE_MODE } from './append-file.ts';

/** Makes a directory of ours, 0700, where there is none; throws `AUDIT_UNSAFE` when others may enter it. */
export function prepareDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  checkOurs(path, 'directory');
}

/**
 * Throws `AUDIT_UNSAFE` unless the path is what it is said to be (a link could lead anywhere) and
 * closed to everybody else.
 */
export function checkOurs(path: string, kind: 'directory' | 'file'): void {
  const found = lstatSync(path);
  if (kind === 'directory' ? !found.isDirectory() : !found.isFile()) {
    throw auditError('AUDIT_UNSAFE', `\`${path}\` is no ${kind}`);
  }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw auditError('AUDIT_UNSAFE', `others may use \`${path}\` (mode ${(found.mode & 0o777).toString(8)})`);
  }
}

/**
 * The bytes of a file that is written once and never again; `make` gives them where there is none.
 * Written aside and linked into place: of two processes that start at once one is first, and
 * nobody reads half a file.
 */
export function readOrCreate(path: string, make: () => Uint8Array): Buffer {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) create(path, make());
  checkOurs(path, 'file');
  return readFileSync(path);
}

/** Writes a file of ours whole; its bytes are on the disk when it returns, its name once the directory is flushed. */
export function writeFlushed(path: string, bytes: Uint8Array | string): void {
  const fd = openSync(path, 'w', FILE_MODE);
  try {
    writeFileSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function create(path: string, bytes: Uint8Array): void {
  const aside = `${path}.${randomToken(8)}`;
  const fd = openSync(aside, 'wx', FILE_MODE);
  try {
    try {
      writeSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(aside);
  }
  syncDirectory(dirname(path));
}
