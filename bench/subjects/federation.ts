/** An MCP server, and the two ways to it that are compared: a proxy that only forwards, and Chatelaine. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { learn, type Call } from '../load/exchanges.ts';
import { start, type Running, type Starter } from './subject.ts';

/** Where callers of Chatelaine find it. */
export const ECHO_DOOR = '/mcp/s/default/echo';

/** What was asked of it so far. */
export interface EchoCounts {
  readonly connections: number;
  readonly methods: Readonly<Record<string, number>>;
}

const LISTED_MS = 10_000;
const KNOCK_MS = 20;

const script = (name: string): string => join(import.meta.dirname, name);

const echo: Starter = {
  name: 'echo',
  headers: {},
  command: (port) => [process.execPath, script('echo-server.mjs'), String(port)],
};

/** The anchor of what is passed on; its file is the address that it passes everything to. */
export const proxy: Starter = {
  name: 'proxy',
  headers: {},
  command: (port, origin) => [process.execPath, script('bare-proxy.mjs'), String(port), origin],
};

/** Runs with an MCP server, which ends with it. */
export async function withEcho<Value>(use: (echo: Running) => Promise<Value>): Promise<Value> {
  const running = await start(echo, '');
  try {
    return await use(running);
  } finally {
    await running.stop();
  }
}

/** The server behind Chatelaine, and the policy without which nobody calls it. */
export const echoDocuments = (echo: Running): string => `kind: mcpServer
name: echo
url: ${originOf(echo)}/mcp
allowedIpRanges: [127.0.0.0/8]
---
kind: policy
name: echo
cedar: |
  @id("Users call the echo")
  permit (
    principal in Role::"user",
    action in [Action::"read", Action::"execute"],
    resource in Server::"default/echo"
  );
`;

export const originOf = ({ port }: Running): string => `http://127.0.0.1:${port}`;

export async function countsOf(echo: Running): Promise<EchoCounts> {
  return (await (await fetch(`${originOf(echo)}/counts`)).json()) as EchoCounts;
}

/** A start waits for no server behind it: resolves when the first of the calls succeeds, rejects as it fails at last. */
export async function untilListed(subject: Running, calls: readonly Call[]): Promise<void> {
  for (const until = performance.now() + LISTED_MS; ; await pause(KNOCK_MS)) {
    try {
      await learn(subject, calls.slice(0, 1));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}
