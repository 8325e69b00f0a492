// Installs the dependencies when they are missing or stale, so that a fresh clone needs one command.
//
//   node scripts/bootstrap.mjs production|development
//
// Runs on whatever Node the machine has (18 or newer); everything after it runs on the Node
// that the lockfile pins. A stamp beside the packages remembers which lockfile they came from.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'node_modules', '.chatelaine-installed');
const wanted = process.argv[2] === 'production' ? 'production' : 'development';
const lockfile = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

/** What is installed now: development packages include the production ones. */
function installed() {
  if (!existsSync(stampFile) || !existsSync(join(root, 'node_modules', 'node', 'bin', 'node'))) return undefined;
  const [kind, hash] = readFileSync(stampFile, 'utf8').trim().split(' ');
  return hash === lockfile ? kind : undefined;
}

const present = installed();
if (present !== wanted && present !== 'development') {
  process.stderr.write(`Installing ${wanted} dependencies (once per lockfile) …\n`);
  const started = Date.now();
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (wanted === 'production') args.push('--omit=dev');
  const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (npm.status !== 0) {
    process.stderr.write(`\`npm ${args.join(' ')}\` failed; its words are above.\n`);
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stampFile, `${wanted} ${lockfile}\n`);
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}
