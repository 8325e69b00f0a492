import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** A key is for its owner alone; a certificate is for everybody. */
export const KEY_MODE = 0o600;
export const CERTIFICATE_MODE = 0o644;

/**
 * Puts a file in its place as a whole: whoever reads it finds the old one or the new one, also after a
 * power cut. It never has a wider mode than `mode` on its way.
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const beside = `${file}.${process.pid}.new`;
  rmSync(beside, { force: true });
  const descriptor = openSync(beside, 'wx', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(beside, file);
}
