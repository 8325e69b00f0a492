/**
 * Reads files, and only files, and only inside the folders that the configuration names. The real path
 * decides, with every symbolic link followed, compared by path segments: `/srv/data-secret` is not
 * inside `/srv/data`. (CVE-2025-53109, CVE-2025-53110.)
 */
import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { formatSize } from '#kernel';
import { toolboxError } from '../errors.ts';

/** A link swapped in after the check is not followed, and a pipe does not keep a thread waiting. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The bytes of a file inside one of the folders; undefined when there is none, when it is no regular
 * file, or when it is outside. The three look the same, so that nobody can explore what lies outside.
 * Throws `RESOURCE_TOO_LARGE` over `maxSize` bytes.
 */
export async function readContained(
  path: string,
  folders: readonly string[],
  maxSize: number,
): Promise<Buffer | undefined> {
  const real = await realOrUndefined(path);
  if (real === undefined || !(await isInside(real, folders))) return undefined;
  let file: FileHandle;
  try {
    file = await open(real, OPEN_FLAGS);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return (await isStill(file, real)) ? await readAll(file, maxSize) : undefined;
  } finally {
    await file.close();
  }
}

/** Whether a real path lies inside the real path of one of the folders. */
export async function isInside(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const root = await realOrUndefined(folder);
    if (root !== undefined && contains(root, real)) return true;
  }
  return false;
}

/** By segments; a folder contains itself. */
export function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The real path; undefined when nothing is there. */
export async function realOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Between the check and the opening a folder may have been swapped for a link: the opened file must be the checked one. */
async function isStill(file: FileHandle, real: string): Promise<boolean> {
  const opened = await file.stat();
  if (!opened.isFile() || (await realOrUndefined(real)) !== real) return false;
  const now = await stat(real);
  return now.dev === opened.dev && now.ino === opened.ino;
}

async function readAll(file: FileHandle, maxSize: number): Promise<Buffer> {
  const { size } = await file.stat();
  if (size > maxSize) throw tooLarge(maxSize);
  // Not `readFile`: a file that grows while it is read must not grow past the limit.
  const bytes = Buffer.alloc(Math.min(size, maxSize) + 1);
  let read = 0;
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  if (read > maxSize) throw tooLarge(maxSize);
  return bytes.subarray(0, read);
}

const tooLarge = (maxSize: number): Error =>
  toolboxError('RESOURCE_TOO_LARGE', `the file is larger than its limit of ${formatSize(maxSize)}`);

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENXIO', 'ENAMETOOLONG'].includes(code);
}
