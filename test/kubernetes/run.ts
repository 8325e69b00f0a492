/**
 * test:kubernetes: what needs more than npm packages of ours. Whether a real API server has our custom resources as zod
 * and the API server for tests have them, and whether helm and kubectl make of the chart and the manifests what we mean.
 *
 *   npm run test:kubernetes -- [words for vitest]
 *
 * Installs helm and kubectl, and compiles the server of `crd-server/` where it is not kept from before. Where there is no
 * etcd or no Go it says so and leaves out what needs it. Ends with `test:kubernetes: N passed, N failed, N skipped`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compile, missing } from './crd-server/binary.ts';

const root = join(import.meta.dirname, '..', '..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const tools = spawnSync(process.execPath, [join(import.meta.dirname, 'tools', 'install.mjs')], { stdio: 'inherit' });
if (tools.status !== 0) process.exit(tools.status ?? 1);
const why = missing();
if (why === undefined) await compile(say);
else say(`skipped: the real API server: ${why}`);
const config = join(import.meta.dirname, 'vitest.config.ts');
const without = why === undefined ? [] : ['--exclude', 'test/kubernetes/crd-server/**'];
const words = ['run', '--config', config, '--root', root, ...without, ...process.argv.slice(2)];
const vitest = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
  cwd: root,
  stdio: 'inherit',
});
const [status] = (await once(vitest, 'close')) as [number | null];
process.exitCode = status ?? 1;
