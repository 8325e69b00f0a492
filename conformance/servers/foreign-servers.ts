/** MCP servers that others wrote, what one of their tools answers, and how they stand behind the gateway. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FastMCP } from 'fastmcp';
import { z } from 'zod';
import { freePort } from '../../test/loopback.ts';
import { remote } from '../gateway.ts';

export interface ForeignServer {
  readonly name: string;
  readonly package: string;
  readonly transport: 'stdio' | 'streamable HTTP';
  /** The `mcpServer` document. */
  readonly document: string;
  /** A call and the text that its answer holds. */
  readonly question: {
    readonly tool: string;
    readonly args: Readonly<Record<string, string | number>>;
    readonly answer: string;
  };
}

/** What is in the file that the filesystem server may show. */
export const NOTE = 'Ganymede is the largest moon.';

const main = (name: string): string =>
  join(import.meta.dirname, '..', 'node_modules', '@modelcontextprotocol', name, 'dist', 'index.js');

const child = (name: string, args: readonly string[], more = ''): string =>
  `kind: mcpServer\nname: ${name}\ncommand: ${process.execPath}\nargs: ${JSON.stringify(args)}\n${more}`;

/** Starts those that are reached over HTTP; `home` is a folder for what the others keep. */
export async function openForeignServers(
  home: string,
): Promise<{ servers: readonly ForeignServer[]; close: () => Promise<void> }> {
  const shown = join(home, 'shown');
  mkdirSync(shown);
  writeFileSync(join(shown, 'note.txt'), NOTE);
  writeFileSync(join(home, 'kept.txt'), 'nobody may read this');
  const memory = join(home, 'memory.jsonl');
  writeFileSync(memory, JSON.stringify({ type: 'entity', name: 'Titan', entityType: 'moon', observations: ['hazy'] }));

  const everything = await startEverything();
  const fast = await startFastMcp();
  const echo = { tool: 'echo', args: { message: 'Grüezi' }, answer: 'Echo: Grüezi' };
  return {
    servers: [
      {
        ...{ name: 'everything', package: '@modelcontextprotocol/server-everything', transport: 'stdio' },
        document: child('everything', [main('server-everything'), 'stdio']),
        question: echo,
      },
      {
        ...{ name: 'everything-http', package: '@modelcontextprotocol/server-everything' },
        transport: 'streamable HTTP',
        document: remote('everything-http', everything.url),
        question: echo,
      },
      {
        ...{ name: 'filesystem', package: '@modelcontextprotocol/server-filesystem', transport: 'stdio' },
        document: child('filesystem', [main('server-filesystem'), shown]),
        question: { tool: 'read_text_file', args: { path: join(shown, 'note.txt') }, answer: NOTE },
      },
      {
        ...{ name: 'memory', package: '@modelcontextprotocol/server-memory', transport: 'stdio' },
        document: child('memory', [main('server-memory')], `env: { MEMORY_FILE_PATH: ${JSON.stringify(memory)} }`),
        question: { tool: 'search_nodes', args: { query: 'haz' }, answer: 'Titan' },
      },
      {
        ...{ name: 'fast', package: 'fastmcp', transport: 'streamable HTTP' },
        document: remote('fast', fast.url),
        question: { tool: 'add', args: { a: 19, b: 23 }, answer: '42' },
      },
    ],
    async close() {
      await everything.close();
      await fast.close();
    },
  };
}

async function startEverything() {
  const port = await freePort();
  const running = spawn(process.execPath, [main('server-everything'), 'streamableHttp'], {
    env: { PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(running, 'close');
  const lines = createInterface({ input: running.stderr });
  await Promise.race([
    once(lines, 'line'),
    ended.then(() => {
      throw new Error('server-everything did not start');
    }),
  ]);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      running.kill('SIGKILL');
      await ended;
    },
  };
}

async function startFastMcp() {
  const server = new FastMCP({ name: 'sums', version: '1.0.0' });
  server.addTool({
    name: 'add',
    description: 'Adds two numbers.',
    parameters: z.object({ a: z.number(), b: z.number() }),
    execute: ({ a, b }) => Promise.resolve(String(a + b)),
  });
  const port = await freePort();
  await server.start({ transportType: 'httpStream', httpStream: { port, host: '127.0.0.1' } });
  return { url: `http://127.0.0.1:${port}/mcp`, close: () => server.stop() };
}
