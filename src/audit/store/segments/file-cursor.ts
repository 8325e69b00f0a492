import { open, readFile, rename } from 'node:fs/promises';
import type { ReceiverCursor } from '../store.ts';
import { FILE_MODE } from './append-file.ts';
import { paths } from './layout.ts';
import { prepareDirectory } from './private-files.ts';
import { tryLock } from './process-lock.ts';

/** The place of a receiver in a file, which is replaced as a whole: a crash leaves the old one or the new. */
export async function claimFileCursor(root: string, receiver: string): Promise<ReceiverCursor | undefined> {
  prepareDirectory(paths.cursors(root));
  const lock = tryLock(paths.cursorLock(root, receiver));
  if (!lock) return undefined;
  const file = paths.cursor(root, receiver);
  return {
    read: () => readFileCursor(root, receiver),
    async write(state) {
      const aside = await open(`${file}.new`, 'w', FILE_MODE);
      try {
        await aside.writeFile(state);
        await aside.datasync();
      } finally {
        await aside.close();
      }
      // Without a flush of the folder a crash may bring the old one back: then something is sent twice.
      await rename(`${file}.new`, file);
    },
    release: async () => lock.release(),
  };
}

export async function readFileCursor(root: string, receiver: string): Promise<string | undefined> {
  try {
    return await readFile(paths.cursor(root, receiver), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
