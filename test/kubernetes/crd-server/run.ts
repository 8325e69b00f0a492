/**
 * test:kubernetes: whether a real API server has our custom resources as zod and the API server for tests have them.
 *
 *   npm run test:kubernetes -- [words for vitest]
 *
 * Compiles the server of this folder where it is not kept from before, and runs the tests beside it. Where there is no
 * etcd or no Go it says so and tests nothing. Ends with `test:kubernetes: N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compile, missing } from './binary.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const why = missing();
if (why === undefined) {
  await compile(say);
  const config = join(import.meta.dirname, 'vitest.config.ts');
  const words = ['run', '--config', config, '--root', root, ...process.argv.slice(2)];
  const vitest = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
  const [status] = (await once(vitest, 'close')) as [number | null];
  process.exitCode = status ?? 1;
} else {
  say(`skipped: ${why}`);
  say('test:kubernetes: 0 passed, 0 failed, all skipped');
}
