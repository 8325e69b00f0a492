import { execFile } from 'node:child_process';
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
 * Chatelaine as it comes, with a key of its own in `dataDir`. Hot reload is off because it is off in
 * Toolbox; metrics are on because they are on by default. `profiles`: a folder for CPU profiles.
 */
export async function chatelaine(dataDir: string, profiles: string | undefined): Promise<Starter> {
  const create = ['key', 'create', '--agent', 'bench', '--role', 'user', '--data-dir', dataDir, '--json'];
  const { stdout } = await promisify(execFile)(COMMAND, create);
  const { key } = JSON.parse(stdout) as { key: string };
  return {
    name: 'chatelaine',
    headers: { Authorization: `Bearer ${key}` },
    command: (port, file) => [
      ...([COMMAND, 'serve', '--config', file, '--port', String(port)] as const),
      ...['--data-dir', dataDir, '--no-reload'],
    ],
    ...(profiles !== undefined && { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` } }),
  };
}
