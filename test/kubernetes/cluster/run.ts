/**
 * test:cluster: the operator at a cluster of yours, as a service account with the rights of the chart.
 *
 *   KUBECONFIG=… npm run test:cluster
 *
 * Whoever the kubeconfig is has to be an administrator. It makes two namespaces with names of their own, roles, and our
 * definitions where they are not there, and takes all of it away again. Whether Pods run does not matter: an API server
 * alone is enough. Without a kubeconfig it says so and tests nothing. Ends with `test:cluster: N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const { KUBECONFIG: kubeconfig = '' } = process.env;
if (kubeconfig === '' || !existsSync(kubeconfig)) {
  const why = kubeconfig === '' ? '`KUBECONFIG` names no kubeconfig' : `there is no file \`${kubeconfig}\``;
  process.stdout.write(`skipped: ${why}\ntest:cluster: 0 passed, 0 failed, all skipped\n`);
} else {
  const config = join(import.meta.dirname, 'vitest.config.ts');
  const words = ['run', '--config', config, '--root', root, ...process.argv.slice(2)];
  const vitest = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
  const [status] = (await once(vitest, 'close')) as [number | null];
  process.exitCode = status ?? 1;
}
