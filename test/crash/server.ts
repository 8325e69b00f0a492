/** A `chatelaine serve` of its own process, to be killed, stopped and started again on the same state. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cpuSeconds } from '../process-costs.ts';

const COMMAND = join(import.meta.dirname, '../../bin/chatelaine');
const START_MS = 60_000;

export interface Place {
  readonly config: string;
  readonly dataDir: string;
  /** One of the system's choice without it. */
  readonly port?: number;
  /** What its environment has beside that of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly pid: number;
  readonly url: string;
  /** From asking for the process until `/readyz` said 200, in milliseconds. */
  readonly readyMs: number;
  /** Of that, how long it was at work: processor time of it and its children. */
  readonly workedMs: number;
  /** What it has logged as an error, the first few. */
  readonly errors: readonly string[];
  /** Ends it with SIGKILL: nothing gets a last word. */
  kill(): Promise<void>;
  /** Ends it with SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a server on the place and resolves when it is ready. */
export async function startServer({ config, dataDir, port = 0, env }: Place): Promise<Server> {
  const asked = performance.now();
  const at = ['--config', config, '--data-dir', dataDir, '--port', String(port)];
  const child = spawn(COMMAND, ['serve', ...at, '--no-reload'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  // A run that breaks off leaves no server behind.
  const leaveNone = (): void => void child.kill('SIGKILL');
  process.once('exit', leaveNone);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  void ended.then(() => process.off('exit', leaveNone));
  const said: string[] = [];
  const errors: string[] = [];
  const lines = createInterface({ input: child.stderr });
  const serving = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      said.push(line);
      if (said.length > 40) said.shift();
      if (line.includes('"level":"error"') && errors.length < 10) errors.push(line);
      const url = /"event":"serving".*"url":"([^"]+)"/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const timeout = AbortSignal.timeout(START_MS);
  const late = new Promise<undefined>((resolve) => timeout.addEventListener('abort', () => resolve(undefined)));
  const url = await Promise.race([serving, late, ended.then(() => undefined)]);
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  if (url === undefined) {
    await end('SIGKILL');
    throw new Error(`the server did not start; it said:\n${said.join('\n')}`);
  }
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    if (!timeout.aborted) continue;
    await end('SIGKILL');
    throw new Error(`the server did not get ready; it said:\n${said.join('\n')}`);
  }
  return {
    pid: child.pid as number,
    url,
    errors,
    readyMs: performance.now() - asked,
    workedMs: cpuSeconds(child.pid as number) * 1000,
    kill: () => end('SIGKILL').then(() => undefined),
    stop: () => end('SIGTERM'),
  };
}

/** Runs a command of the command line to its end and gives what it printed; rejects when it failed. */
export const command = (...args: readonly string[]): Promise<string> => commandWith({}, ...args);

/** The same, with more in its environment. */
export async function commandWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(COMMAND, args, { env: { ...process.env, ...env } });
  return stdout;
}
