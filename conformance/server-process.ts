/**
 * A Chatelaine of its own for one run: a copy of a configuration folder, a fresh data directory with
 * one key, the command on a port of the system's choice. Everything is gone after `stop`.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort } from '../test/loopback.ts';

export interface ServerProcess {
  /** `http://127.0.0.1:PORT`; MCP is at `/mcp` below it. */
  readonly url: string;
  readonly key: string;
  /** The copy that the server reads and its tools may change. */
  readonly folder: string;
  /** A command of the command line beside the server; gives what it printed, rejects with what it said. */
  command(...args: readonly string[]): Promise<string>;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Sends SIGTERM, waits, removes the folders. Throws when the server did not end with 0. */
  stop(): Promise<void>;
}

const COMMAND = join(import.meta.dirname, '..', 'bin', 'chatelaine');
const START_MS = 30_000;
const STOP_MS = 15_000;

export interface ServerOptions {
  /** Names beside its own that the server answers to. */
  readonly allowedHosts?: readonly string[];
  /** Programs that documents may start as child processes. */
  readonly commands?: readonly string[];
  /** Adds to the copied folder what the configuration needs and the repository does not hold. */
  readonly prepare?: (folder: string) => void;
  /** It issues tokens itself, under the address that it is reached at. */
  readonly issues?: boolean;
}

/**
 * Starts a server on a copy of `fixture`. Rejects with the server's own last words when it does not
 * serve within 30 seconds.
 */
export async function startServer(fixture: string, options: ServerOptions = {}): Promise<ServerProcess> {
  const home = await mkdtemp(join(tmpdir(), 'chatelaine-conformance-'));
  const folder = join(home, 'configuration');
  const dataDir = join(home, 'data');
  try {
    await cp(fixture, folder, { recursive: true });
    const port = options.issues === true ? await freePort() : 0;
    await writeFile(join(folder, 'server.yaml'), serverDocument(options, port));
    options.prepare?.(folder);
    const command = (...args: readonly string[]): Promise<string> => run(...args, '--data-dir', dataDir);
    const key = await makeKey(command);
    const child = spawn(COMMAND, ['serve', '--config-folder', folder, '--port', String(port), '--data-dir', dataDir], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => void child.once('close', resolve));
    const url = await serving(child, ended);
    return { url, key, folder, command, ended, stop: () => stop(child, ended, home) };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/**
 * No metrics listener: several servers on one machine must not meet on its port. A port is given to a server that
 * issues tokens, since its address is the name of the issuer.
 */
const serverDocument = ({ allowedHosts = [], commands = [] }: ServerOptions, port: number): string =>
  [
    ...['kind: server', 'metrics: false', `allowedHosts: ${JSON.stringify(allowedHosts)}`],
    `mcpServers: ${JSON.stringify({ commands })}`,
    ...(port === 0 ? [] : [`publicUrl: http://127.0.0.1:${port}`]),
    '',
  ].join('\n');

async function makeKey(command: ServerProcess['command']): Promise<string> {
  const made = await command('key', 'create', '--agent', 'conformance', '--role', 'user', '--json');
  return (JSON.parse(made) as { key: string }).key;
}

async function run(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(COMMAND, args).catch((error: Error & { stderr?: string }) => {
    throw new Error(`\`${args.slice(0, 2).join(' ')}\` failed; it said:\n${error.stderr ?? error.message}`);
  });
  return stdout;
}

/** The address that the server logs once it listens. */
async function serving(child: ChildProcess, ended: Promise<void>): Promise<string> {
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr as NonNullable<ChildProcess['stderr']> });
  const address = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      said.push(line);
      if (said.length > LAST_WORDS) said.shift();
      const url = servingUrl(line);
      if (url !== undefined) resolve(url);
    });
  });
  const timeout = AbortSignal.timeout(START_MS);
  const late = new Promise<undefined>((resolve) => timeout.addEventListener('abort', () => resolve(undefined)));
  const url = await Promise.race([address, late, ended.then(() => undefined)]);
  if (url !== undefined) return url;
  child.kill('SIGKILL');
  throw new Error(`the server did not start; it said:\n${said.join('\n')}`);
}

const LAST_WORDS = 40;

function servingUrl(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const { event, url } = JSON.parse(line) as { event?: string; url?: string };
  return event === 'serving' ? url : undefined;
}

async function stop(child: ChildProcess, ended: Promise<void>, home: string): Promise<void> {
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(impatience);
  await rm(home, { recursive: true, force: true });
  if (child.exitCode !== 0) {
    throw new Error(`the server ended with ${child.signalCode ?? `status ${child.exitCode}`} instead of 0`);
  }
}
