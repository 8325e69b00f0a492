// Installs packages that are no part of the product into a folder that has a lockfile of its own, when they are missing
// or stale. A stamp remembers which lockfile they came from. Their install scripts do not run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `what` stands in "Installing …"; ends the process where npm fails, with its status. */
export function installApart(folder, what) {
  const stampFile = join(folder, 'node_modules', '.chatelaine-installed');
  const lockfile = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === lockfile) return;
  process.stderr.write(`Installing ${what} (once per lockfile) …\n`);
  const started = Date.now();
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (npm.status !== 0) {
    process.stderr.write(`\`npm ${args.join(' ')}\` failed; its words are above.\n`);
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stampFile, `${lockfile}\n`);
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}
