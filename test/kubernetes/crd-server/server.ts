/** An etcd and the API server over it, each a process of its own, in a folder that goes with them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../loopback.ts';
import { binary } from './binary.ts';

const PATIENCE_MS = 60_000;

export class CrdServer implements AsyncDisposable {
  readonly url: string;
  readonly #processes: readonly ChildProcess[];
  readonly #folder: string;

  private constructor(url: string, processes: readonly ChildProcess[], folder: string) {
    this.url = url;
    this.#processes = processes;
    this.#folder = folder;
  }

  /** Starts both and waits until the API server says that it is well. */
  static async start(): Promise<CrdServer> {
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-crd-server-'));
    const [clients, peers] = [await freePort(), await freePort()];
    const etcd = started('etcd', [
      ...['--data-dir', folder, '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', `http://127.0.0.1:${clients}`],
      ...['--advertise-client-urls', `http://127.0.0.1:${clients}`],
      ...['--listen-peer-urls', `http://127.0.0.1:${peers}`],
      ...['--initial-advertise-peer-urls', `http://127.0.0.1:${peers}`],
      ...['--initial-cluster', `default=http://127.0.0.1:${peers}`],
    ]);
    const running = [etcd];
    try {
      await answering(`http://127.0.0.1:${clients}/health`, etcd);
      const api = started(binary(), [`http://127.0.0.1:${clients}`]);
      running.unshift(api);
      if (api.stdout === null) throw new TypeError('the API server has no standard output');
      const lines = createInterface(api.stdout);
      const [url] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string | undefined];
      if (url === undefined) throw new Error('the API server ended before it served');
      await answering(`${url}/readyz`, api);
      return new CrdServer(url, running, folder);
    } catch (error) {
      await new CrdServer('', running, folder)[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#processes) {
      const ended = one.exitCode === null ? once(one, 'exit') : undefined;
      one.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function started(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  child.once('exit', (status) => {
    if (status !== null && status !== 0) process.stderr.write(`${program}: ${said.join('')}`);
  });
  // A test run that fails before it stops its servers leaves none behind.
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await pause(50)) {
    if (server.exitCode !== null) throw new Error(`the server of ${url} ended with status ${server.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
  }
  throw new Error(`${url} did not answer within ${PATIENCE_MS / 1000} s`);
}
