/**
 * Tells of changes of one file, until a signal aborts. Folders are watched, not the file: editors and
 * Kubernetes replace files (and the links that lead to them) instead of writing into them, and a watch
 * on a replaced file sees nothing ever again.
 */
import { watch, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '#kernel';

/** Calls `changed` after the file at `path` became another one, changed, came or went. */
export function watchFile(path: string, changed: () => void, signal: AbortSignal, log: Logger): void {
  if (signal.aborted) return;
  const watchers = new Map<string, FSWatcher>();
  let last: string | undefined;
  let looking = false;
  let again = false;

  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    do {
      again = false;
      const now = await identityOf(path);
      if (signal.aborted) return;
      follow(now.folders);
      if (last !== undefined && now.identity !== last) changed();
      last = now.identity;
    } while (again);
    looking = false;
  };

  /** Watches exactly these folders. */
  const follow = (folders: readonly string[]): void => {
    for (const [folder, watcher] of watchers) {
      if (folders.includes(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => void look());
        watcher.on('error', (error) => log.warn({ err: error, folder }, 'a folder cannot be watched any more'));
        watchers.set(folder, watcher);
        // What happened between the look and the watch is seen by the next look.
        again = true;
      } catch (error) {
        log.warn({ err: error, folder }, 'a folder cannot be watched');
      }
    }
  };

  signal.addEventListener(
    'abort',
    () => {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
    { once: true },
  );
  void look();
}

/** Which file stands at the path, in which state, and the folders whose entries lead to it. */
async function identityOf(path: string): Promise<{ identity: string; folders: string[] }> {
  try {
    const real = await realpath(path);
    const { dev, ino, size, mtimeMs } = await stat(real);
    const folders = new Set([dirname(path), dirname(real), dirname(dirname(real))]);
    return { identity: `${real} ${dev}:${ino} ${size} ${mtimeMs}`, folders: [...folders] };
  } catch {
    return { identity: 'missing', folders: [dirname(path)] };
  }
}
