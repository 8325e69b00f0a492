import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { randomToken } from '#kernel';

const NAME = /^chatelaine-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[a-z0-9]{6}\.backup$/;
const PARTIAL = /^\.chatelaine-.*\.partial$/;

export interface BackupFile {
  readonly path: string;
  readonly name: string;
  /** From its name: a copy keeps it. Milliseconds. */
  readonly at: number;
  readonly bytes: number;
}

/** A name that sorts by age. */
export function newBackupName(now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const tag = randomToken(12)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .padEnd(6, '0')
    .slice(0, 6);
  return `chatelaine-${stamp}-${tag}.backup`;
}

/** Where a backup is written until it is whole and has been read back. */
export const partialOf = (name: string): string => `.${name}.partial`;

/** The backups of a folder, newest first; none where there is no folder. */
export function listBackups(folder: string): readonly BackupFile[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, ...parts] = NAME.exec(name) ?? [];
      if (parts.length === 0) return [];
      const [year, month, day, hour, minute, second] = parts.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const path = join(folder, name);
      const at = Date.UTC(year, month - 1, day, hour, minute, second);
      return [{ path, name, at, bytes: statSync(path).size }];
    })
    .toSorted((left, right) => (left.name < right.name ? 1 : -1));
}

/** Deletes all but the newest `keep`; gives the names. */
export function deleteOldest(folder: string, keep: number): readonly string[] {
  const old = listBackups(folder).slice(keep);
  for (const { path } of old) rmSync(path, { force: true });
  return old.map(({ name }) => name);
}

/** Deletes what killed processes left; only who holds the folder's lock may. */
export function deletePartials(folder: string): void {
  for (const name of namesIn(folder)) if (PARTIAL.test(name)) rmSync(join(folder, name), { force: true });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
