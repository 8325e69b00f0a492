import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/**
 * The last step of a generator: writes the file, or under `--check` compares and exits 1 when the
 * file on disk is not what would be written.
 */
export function writeOrCheck(path: string, text: string): void {
  const shown = relative(process.cwd(), path);
  const present = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (process.argv.includes('--check')) {
    if (present === text) return;
    console.error(`${shown} is ${present === undefined ? 'missing' : 'out of date'}`);
    process.exitCode = 1;
    return;
  }
  if (present === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${shown}`);
}
