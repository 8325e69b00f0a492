import { open, rm } from 'node:fs/promises';
import { cliError } from './errors.ts';

/**
 * A file that was not there, for its owner alone, or none: one that `work` could not finish is removed, since
 * half of it looks like the whole. Throws `FILE_UNUSABLE`, and what `work` throws.
 */
export async function newFile(
  path: string,
  work: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw unusable(path, cause);
  });
  let whole = false;
  try {
    await work(async (bytes) => {
      await file.writeFile(bytes).catch((cause: unknown) => {
        throw unusable(path, cause);
      });
    });
    await file.sync();
    whole = true;
  } finally {
    await file.close();
    if (!whole) await rm(path, { force: true });
  }
}

const unusable = (path: string, cause: unknown): Error =>
  cliError('FILE_UNUSABLE', `\`${path}\` cannot be written: ${(cause as NodeJS.ErrnoException).code}`, { cause });
