import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Starter } from './subject.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'bin', 'chatelaine');

/** The anchor: what HTTP in Node costs by itself. */
export const bare: Starter = {
  name: 'bare',
  headers: {},
  command: (port, file) => [process.execPath, join(import.meta.dirname, 'bare-server.mjs'), String(port), file],
};

/**
 * Chatelaine as it comes, with a key of its own. Hot reload is off because it is off in Toolbox; metrics
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
      cpSync(template, dataDir, { recursive: true });
      return [COMMAND, 'serve', '--config', file, '--port', String(port), '--data-dir', dataDir, '--no-reload'];
    },
    ...(profiles !== undefined && { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` } }),
  };
}
