import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { tlsError } from '../errors.ts';

/** A key is for its owner alone; a certificate is for everybody. */
export const KEY_MODE = 0o600;
export const CERTIFICATE_MODE = 0o644;

/**
 * Puts a file in its place as a whole: whoever reads it finds the old one or the new one, also after a
 * power cut. It never has a wider mode than `mode` on its way, and leaves nothing behind when it does not get
 * there: it may be a key. Throws `FILE_UNWRITABLE`.
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const beside = `${file}.${process.pid}.new`;
  try {
    rmSync(beside, { force: true });
    writeNew(beside, text, mode);
    renameSync(beside, file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (existsSync(beside)) rmSync(beside);
    const why = code === 'ENOENT' ? `there is no folder \`${dirname(file)}\`` : `the system says ${code}`;
    throw tlsError('FILE_UNWRITABLE', `cannot write \`${file}\`: ${why}`, { cause });
  }
}

function writeNew(file: string, text: string, mode: number): void {
  const descriptor = openSync(file, 'wx', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
