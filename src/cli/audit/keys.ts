import { readFileSync } from 'node:fs';
import { trustKeys, type TrustedKeys } from '#audit';
import { cliError } from '../errors.ts';

/** The public keys of PEM files; undefined where none is named. Throws `FILE_UNUSABLE`. */
export function readKeys(files: readonly string[]): TrustedKeys | undefined {
  if (files.length === 0) return undefined;
  try {
    return trustKeys(files.map((file) => readFileSync(file, 'utf8')));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code?.startsWith('E') === true && !code.startsWith('ERR_') ? code : 'it is no Ed25519 public key in PEM';
    throw cliError('FILE_UNUSABLE', `\`${files.join('`, `')}\` cannot be used: ${why}`, { cause });
  }
}
