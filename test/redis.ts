/**
 * Redis in tests: private servers in temporary folders, where the machine has `redis-server` (or
 * `valkey-server`, which is the same to us). Suites that need it are skipped elsewhere, saying so;
 * continuous integration installs it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './loopback.ts';

const binary = findBinary(['redis-server', 'valkey-server']);

/** Why there is no Redis here, or undefined when there is. */
export const redisMissing: string | undefined =
  binary === undefined ? '`redis-server` is not installed (Debian: apt install redis-server)' : undefined;

export interface TestRedis {
  readonly port: number;
  /** Sends one command on a connection that the code under test knows nothing of; the reply as it came. */
  send(...words: readonly string[]): Promise<string>;
  /** Ends the server; with `SIGSTOP` it only stops answering, until `SIGCONT`. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Further settings, as on the command line: `['--user', 'reader', 'on', '>secret', '+@read', '~*']`. */
  readonly settings?: readonly string[];
  /** A port of one's own choice, to come back on the same one. */
  readonly port?: number;
}

/** Starts a server on a free loopback port and waits until it answers. */
export async function startRedis({ settings = [], port }: RedisOptions = {}): Promise<TestRedis> {
  if (binary === undefined) throw new Error(redisMissing);
  const folder = await mkdtemp(join(tmpdir(), 'chatelaine-redis-'));
  const chosen = port ?? (await freePort());
  const listening = settings.includes('--tls-port') ? ['--port', '0'] : ['--port', String(chosen)];
  const server = spawn(
    binary,
    [...listening, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', ...settings],
    { stdio: 'ignore' },
  );
  const ended = once(server, 'exit');
  // A test that fails before it stops its server leaves none behind.
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  for (let attempt = 0; !(await listens(chosen)); attempt++) {
    if (server.exitCode !== null || attempt > 500) throw new Error('redis-server did not start');
    await sleep(20);
  }
  return {
    port: chosen,
    send: async (...words) => ask(chosen, words),
    signal: (name) => void server.kill(name),
    async stop() {
      kill();
      process.removeListener('exit', kill);
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The protocol by hand: one command, one reply that fits a packet. */
async function ask(port: number, words: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return reply.toString().trim();
}

function findBinary(names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Somewhere else, perhaps.
    }
  }
  return undefined;
}
