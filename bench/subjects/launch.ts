/** A server as a process of its own: started, waited for, ended by its id. */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { request as httpRequest } from 'node:http';

export interface Launched {
  readonly pid: number;
  /** When the process was asked for, by `performance.now()`. */
  readonly at: number;
  /** Rejects when the process ends, with its last words. */
  readonly ended: Promise<never>;
  /** SIGTERM, and SIGKILL for what does not end by it within five seconds. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 5000;
const START_MS = 60_000;
/** Between two knocks at a port that nobody has opened yet. */
const KNOCK_MS = 2;

export function launch([command, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Launched {
  const at = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4000)));
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`it ended with ${signal ?? code}; its last words:\n${words}`));
  });
  const ended = gone.then((how): never => {
    throw new Error(`\`${command}\`: ${how}`);
  });
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    at,
    ended,
    async stop() {
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      child.kill('SIGTERM');
      await gone;
      clearTimeout(impatience);
      process.off('exit', end);
    },
  };
}

export interface Question {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asks until there is an answer; gives the moment of its last byte. Throws when it is not 200. */
export async function firstAnswer(launched: Launched, question: Question): Promise<number> {
  const socket = await Promise.race([knock(question.port), launched.ended]);
  const status = await Promise.race([ask(socket, question), launched.ended]);
  const now = performance.now();
  if (status !== 200) throw new Error(`the first answer has status ${status}`);
  return now;
}

async function knock(port: number): Promise<Socket> {
  const until = performance.now() + START_MS;
  for (;;) {
    const socket = await dial(port);
    if (socket !== undefined) return socket;
    if (performance.now() > until) throw new Error(`nobody opened port ${port} within ${START_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, KNOCK_MS));
  }
}

function dial(port: number): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
  });
}

function ask(socket: Socket, { path, headers, body }: Question): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ createConnection: () => socket, method: 'POST', path, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
