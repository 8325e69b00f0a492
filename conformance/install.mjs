// Installs the suite and the clients into conformance/node_modules when they are missing or stale.
//
// They are no part of the product: nobody who runs or tests Chatelaine needs them, so they are no
// workspace and no development dependency. A stamp remembers which lockfile they came from. Their
// install scripts do not run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const stampFile = join(here, 'node_modules', '.chatelaine-installed');
const lockfile = createHash('sha256')
  .update(readFileSync(join(here, 'package-lock.json')))
  .digest('hex');

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8').trim() !== lockfile) {
  process.stderr.write('Installing the conformance suite and the clients (once per lockfile) …\n');
  const started = Date.now();
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  if (npm.status !== 0) {
    process.stderr.write(`\`npm ${args.join(' ')}\` failed; its words are above.\n`);
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stampFile, `${lockfile}\n`);
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}
