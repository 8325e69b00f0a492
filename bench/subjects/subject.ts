/**
 * The servers that are compared. Each is a process of its own on a free loopback port, started by the
 * words with which its users start it.
 */
import { freePort } from '../../test/loopback.ts';
import type { Door } from '../load/exchanges.ts';
import { firstAnswer, launch } from './launch.ts';

export type SubjectName = 'bare' | 'chatelaine' | 'echo' | 'proxy' | 'toolbox';

/** How to start one. */
export interface Starter {
  readonly name: SubjectName;
  /** What it wants in every request: its credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** `file`: a configuration in MCP Toolbox's format; for the bare server the body that it gives, for the proxy where it leads. */
  command(port: number, file: string): readonly [command: string, ...args: string[]];
  readonly env?: NodeJS.ProcessEnv;
}

/** A server that has answered its first `tools/list`. */
export interface Running extends Door {
  readonly name: SubjectName;
  readonly pid: number;
  /** Milliseconds from asking for the process to the last byte of the first answer. */
  readonly startMs: number;
  stop(): Promise<void>;
}

const FIRST_QUESTION = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}';

/** Starts a subject and asks it for its tools until it answers; throws when it ends before. */
export async function start(starter: Starter, file: string, env?: NodeJS.ProcessEnv): Promise<Running> {
  const port = await freePort();
  const launched = launch(starter.command(port, file), { ...process.env, ...starter.env, ...env });
  const headers = { Host: `127.0.0.1:${port}`, 'Content-Type': 'application/json', ...starter.headers };
  try {
    const answered = await firstAnswer(launched, { port, path: '/mcp', headers, body: FIRST_QUESTION });
    return {
      ...{ name: starter.name, headers: starter.headers, port },
      ...{ pid: launched.pid, startMs: answered - launched.at, stop: () => launched.stop() },
    };
  } catch (error) {
    await launched.stop();
    throw error;
  }
}
