import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMMAND } from './installation.ts';
import type { Starter } from './subject.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = join(ROOT, 'src', 'main', 'command.ts');

/** The anchor: what HTTP in Node costs by itself. */
export const bare: Starter = {
  name: 'bare',
  headers: {},
  command: (port, file) => [process.execPath, join(import.meta.dirname, 'bare-server.mjs'), String(port), file],
};

/**
 * Chatelaine as it is installed: the build, which `npm run bench` makes anew. Hot reload is off because it is off in Toolbox; metrics
 * are on because they are on by default. Each start has a copy of one data directory under `folder`,
 * since a directory serves one process. `profiles`: a folder for CPU profiles.
 */
export async function chatelaine(folder: string, profiles: string | undefined): Promise<Starter> {
  const template = join(folder, 'data');
  const create = ['key', 'create', '--agent', 'bench', '--role', 'user', '--data-dir', template, '--json'];
  const { stdout } = await promisify(execFile)(COMMAND, create);
  const { key } = JSON.parse(stdout) as { key: string };
  return {
    name: 'chatelaine',
    headers: { Authorization: `Bearer ${key}` },
    command(port, file) {
      const dataDir = join(folder, `data-${port}`);
      // With the rights of folders, which `fs.cpSync` loses: a folder that others may read is refused.
      execFileSync('cp', ['-Rp', template, dataDir]);
      return [COMMAND, 'serve', '--config', file, '--port', String(port), '--data-dir', dataDir, '--no-reload'];
    },
    ...(profiles !== undefined && { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` } }),
  };
}

/** The same without a build, as in a checkout that is worked on, with Node's cache of what it compiled. */
export const fromSources = (built: Starter): Starter => ({
  ...built,
  env: { ...built.env, NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'chatelaine-compiled') },
  command(port, file) {
    const [, ...args] = built.command(port, file);
    return [
      process.execPath,
      '--conditions=chatelaine-source',
      '--disable-warning=ExperimentalWarning',
      SOURCES,
      ...args,
    ];
  },
});
