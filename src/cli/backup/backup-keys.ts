import { readFile } from 'node:fs/promises';
import { Secret } from '#kernel';
import type { Opener, Recipient } from '#backup';
import { cliError } from '../errors.ts';

export interface OpenerOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
}

/** What opens a backup: `--key FILE` or `--passphrase-file FILE`. */
export async function readOpener(options: OpenerOptions): Promise<Opener> {
  const { parsePassphrase, parsePrivateKey } = await import('#backup');
  if (options.passphraseFile !== undefined) return parsePassphrase(await readSecret(options.passphraseFile));
  if (options.key !== undefined) return parsePrivateKey(await readSecret(options.key));
  throw cliError('OPTION_MISSING', 'name what opens the backup: `--key FILE`, or `--passphrase-file FILE`');
}

/** For whom a backup is made: `--recipient`, a passphrase, or what the configuration says. */
export async function readRecipient(
  options: { readonly recipient?: string; readonly passphraseFile?: string },
  configured: string | undefined,
): Promise<Recipient> {
  const { parsePassphrase, parseRecipient } = await import('#backup');
  if (options.passphraseFile !== undefined) return parsePassphrase(await readSecret(options.passphraseFile));
  const recipient = options.recipient ?? configured;
  if (recipient !== undefined) return parseRecipient(recipient);
  throw cliError('OPTION_MISSING', 'name for whom the backup is: `--recipient KEY`, or `--passphrase-file FILE`');
}

async function readSecret(file: string): Promise<Secret> {
  try {
    return new Secret(await readFile(file, 'utf8'));
  } catch (cause) {
    throw cliError('FILE_UNUSABLE', `cannot read \`${file}\`: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}
