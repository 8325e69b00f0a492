/** The command as stories use it: a server that runs, commands beside it, and an agent with the official MCP client. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const COMMAND = join(import.meta.dirname, '..', 'bin', 'chatelaine');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Runs the command to its end. */
export async function run(args: readonly string[], env: Environment = {}): Promise<Finished> {
  const child = spawn(COMMAND, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** Runs a command that has to succeed, and gives what it printed. */
export async function chatelaine(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) throw new Error(`\`chatelaine ${args.join(' ')}\` ended with ${code}: ${stderr}`);
  return stdout;
}

/** A command that prints a line of JSON for each thing. */
export const linesOf = (stdout: string): readonly unknown[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

export interface Served {
  readonly url: URL;
  end(): Promise<void>;
}

/** Serves at a free port, and is there once it answers. */
export async function serve(args: readonly string[], env: Environment = {}): Promise<Served> {
  const child = spawn(COMMAND, ['serve', '--port', '0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const errors = text(child.stderr);
  let said = '';
  const url = await new Promise<URL>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const found = /MCP\s+(http:\S+)\/mcp/.exec((said += chunk.toString()))?.[1];
      if (found !== undefined) resolve(new URL(found));
    });
    void closed.then(async () => reject(new Error(`the server ended: ${await errors}`)));
  });
  return {
    url,
    async end() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** The key of a new agent, made by the command line. */
export async function newKey(dataDir: string, agent: string, env: Environment = {}): Promise<string> {
  const { stdout, stderr } = await run(
    ['key', 'create', '--agent', agent, '--role', 'user', '--data-dir', dataDir, '--json'],
    env,
  );
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { key: string }).key;
}

export interface AgentClient {
  tools(): Promise<readonly string[]>;
  /** What the model gets to read, an error too. */
  call(name: string, args: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export async function agentAt(url: URL, key: string, headers: Record<string, string> = {}): Promise<AgentClient> {
  const client = new Client({ name: 'agent', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${key}`, ...headers } };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit }));
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name, args) {
      try {
        return JSON.stringify((await client.callTool({ name, arguments: args })).content);
      } catch (error) {
        return String(error);
      }
    },
    close: () => client.close(),
  };
}
