/** The program beside it, compiled once for each state of its sources and kept in the user's cache folder. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const sources = ['main.go', 'go.mod', 'go.sum'] as const;

/** Why the server is not to be had here, or undefined where it is. */
export function missing(): string | undefined {
  if (!answers('etcd', '--version')) return '`etcd` is not installed (Debian: apt install etcd-server)';
  if (existsSync(binary())) return undefined;
  if (!answers('go', 'version')) return 'Go is not installed, and no compiled server is kept from before';
  const modules = spawnSync('go', ['mod', 'download'], { cwd: import.meta.dirname, encoding: 'utf8' });
  if (modules.status === 0) return undefined;
  return `Go cannot fetch the modules of the server: ${modules.stderr.trim().split('\n').at(-1)}`;
}

const answers = (program: string, word: string): boolean =>
  spawnSync(program, [word], { stdio: 'ignore' }).status === 0;

/** Outside of the repository, so that a fresh clone finds it. */
export function binary(): string {
  const digest = createHash('sha256');
  for (const file of sources) digest.update(`${file}\0`).update(readFileSync(join(import.meta.dirname, file)));
  return join(homedir(), '.cache', 'chatelaine', `crd-server-${digest.digest('hex').slice(0, 16)}`);
}

/** Compiles it where there is none: some minutes, since the most of it is Kubernetes. Says how far it is. */
export async function compile(say: (line: string) => void): Promise<string> {
  const path = binary();
  if (existsSync(path)) return path;
  mkdirSync(join(path, '..'), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  say('compiling the API server, once on this machine: about six minutes on two cores');
  // With -v, Go names each package when it is done. Two at a time: others use the machine too.
  const go = spawn('go', ['build', '-p', '2', '-v', '-trimpath', '-ldflags=-s -w', '-o', unfinished, '.'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let [done, shown, last] = [0, 0, ''];
  go.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = text.split('\n').filter((line) => line !== '');
    done += lines.length;
    last = lines.at(-1) ?? last;
    if (done < shown + 100) return;
    shown = done;
    say(`  ${done} packages compiled, ${last}`);
  });
  const [status] = (await once(go, 'close')) as [number | null];
  if (status !== 0) throw new Error(`the API server was not compiled (status ${status}): ${last}`);
  renameSync(unfinished, path);
  return path;
}
