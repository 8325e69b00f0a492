/**
 * Chatelaine as it is installed: the command, the build and the packages, without sources. In a checkout the command
 * would look first whether any of a thousand sources is newer than the build, which an installation has none of.
 */
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const INSTALLED = join(ROOT, 'node_modules', '.cache', 'chatelaine-installed');

export const COMMAND = join(INSTALLED, 'bin', 'chatelaine');

/** Lays it out anew; the build is there already. */
export function install(): void {
  rmSync(INSTALLED, { recursive: true, force: true });
  mkdirSync(join(INSTALLED, 'bin'), { recursive: true });
  copyFileSync(join(ROOT, 'bin', 'chatelaine'), COMMAND);
  for (const part of ['dist', 'node_modules', 'package.json']) symlinkSync(join(ROOT, part), join(INSTALLED, part));
}
