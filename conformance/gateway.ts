/**
 * A Chatelaine with MCP servers behind it: `kind: mcpServer` documents that are written at the start, beside a policy
 * that lets users call what they bring.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startServer, type ServerOptions, type ServerProcess } from './server-process.ts';

const PATIENCE_MS = 60_000;

/** Servers that stand behind it, their documents by name. */
export type Behind = Readonly<Record<string, string>>;

/** Starts it and waits until every server behind it has answered. */
export async function startGateway(behind: Behind, options: ServerOptions = {}): Promise<ServerProcess> {
  const gateway = await startServer(join(import.meta.dirname, 'federation'), {
    ...options,
    prepare(folder) {
      options.prepare?.(folder);
      for (const [name, document] of Object.entries(behind)) writeFileSync(join(folder, `${name}.yaml`), document);
    },
  });
  try {
    await answered(gateway.url, Object.keys(behind));
    return gateway;
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

/** A server at a loopback address, which nothing reaches unless its document says so. */
export const remote = (name: string, url: string, more = ''): string =>
  `kind: mcpServer\nname: ${name}\nurl: ${url}\nallowPrivateNetworks: true\n${more}`;

/** Resolves when these servers have answered the gateway at `url`; rejects when one does not within a minute. */
export async function answered(url: string, names: readonly string[]): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { sources } = (await (await fetch(`${url}/readyz`)).json()) as {
      sources: Record<string, { state: string }>;
    };
    const missing = names.filter((name) => sources[name]?.state !== 'ok');
    if (missing.length === 0) return;
    if (Date.now() > until) throw new Error(`${missing.join(', ')}: no answer to the gateway`);
    await pause(100);
  }
}
