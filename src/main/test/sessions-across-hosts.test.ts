/** Two servers as they are, on one PostgreSQL: a session is everybody's, whichever of them opened it, and so is a call in several rounds. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { serverSchema } from '#contract';
import { emptyPlace } from '../../../test/databases.ts';
import { freePort } from '../../../test/loopback.ts';
import { serveUpstream } from '../../../test/mcp-upstream.ts';
import { CITIES, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

interface Host {
  readonly place: Workspace;
  readonly where: readonly string[];
  readonly port: number;
}

/** A machine with a data directory of its own; it shares the keys that hosts must share. */
async function host(
  document: object,
  options: { beside?: Workspace; replica?: boolean; documents?: string } = {},
): Promise<Host> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const { beside, replica = true, documents = '' } = options;
  if (beside !== undefined) {
    mkdirSync(join(place.dataDir, 'audit'), { recursive: true, mode: 0o700 });
    for (const file of ['vault.key', 'audit/signing.key', 'audit/digest.key'])
      copyFileSync(join(beside.dataDir, file), join(place.dataDir, file));
  }
  const port = await freePort();
  const reached = replica ? `replica: {address: "http://127.0.0.1:${port}"}\n` : '';
  const server = `\n---\nkind: server\nmetrics: {port: 0}\n${reached}database: ${JSON.stringify(document)}\n`;
  const file = place.write('tools.yaml', CITIES + server + documents);
  return { place, port, where: ['--data-dir', place.dataDir, '--config', file] };
}

async function installation() {
  const { document, server } = await emptyPlace('postgres');
  const password = typeof document['password'] === 'string' ? document['password'] : '';
  const options = { env: { DATABASE_PASSWORD: password } };
  return { shown: { ...document, password: '${DATABASE_PASSWORD}' }, options, server };
}

const serve = async ({ where, port }: Host, options: object): Promise<RunningServer> => {
  const server = await start([...where, '--port', String(port)], options);
  onTestFinished(() => void server.stop());
  return server;
};

const headersOf = (key: string, session?: string): Record<string, string> => ({
  ...{ 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
  Authorization: `Bearer ${key}`,
  ...(session !== undefined && { 'Mcp-Session-Id': session }),
});

const ask = async (url: string, key: string, session?: string, message: object = { method: 'ping' }) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
  const response = await fetch(`${url}/mcp`, { method: 'POST', headers: headersOf(key, session), body });
  await response.body?.cancel();
  return response;
};

test('initialize at one, call at the other, stream there, end there, and its end takes its sessions with it', async () => {
  const { shown, options, server: database } = await installation();
  const first = await host(shown);
  const made = await run(['key', 'create', '--agent', 'bot', '--role', 'user', '--json', ...first.where], options);
  const { key, id } = JSON.parse(made.stdout) as { readonly key: string; readonly id: string };
  const second = await host(shown, { beside: first.place });
  const [a, b] = [await serve(first, options), await serve(second, options)] as const;

  const turns = [a, b];
  const client = new Client({ name: 'test', version: '1' }, { capabilities: {} });
  const transport = new StreamableHTTPClientTransport(new URL(`${a.url}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${key}` } },
    fetch: (to, init) => {
      const turn = turns[0] as RunningServer;
      turns.reverse();
      return fetch(new URL(new URL(to).pathname, turn.url), init);
    },
  });
  await client.connect(transport);
  for (let round = 0; round < 4; round++) {
    const { content } = await client.callTool({ name: 'city', arguments: { id: 1 } });
    expect(JSON.stringify(content)).toContain('Basel');
  }
  const own = transport.sessionId as string;
  const stream = await fetch(`${b.url}/mcp`, { headers: headersOf(key, own) });
  expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const ended = await fetch(`${b.url}/mcp`, { method: 'DELETE', headers: headersOf(key, own) });
  expect(ended.status).toBe(204);
  expect(await stream.text()).toBe('');
  for (const { url } of [a, b]) expect((await ask(url, key, own)).status).toBe(404);
  await client.close();

  // One record a call, of whichever process.
  const calls = await database?.query<{ n: string }>(
    "select count(*) as n from chatelaine.audit_records where class = 'tool-call' and outcome = 'success'",
  );
  expect(Number(calls?.[0]?.n)).toBe(4);

  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const opened = await ask(b.url, key, undefined, { method: 'initialize', params });
  const session = opened.headers.get('mcp-session-id') as string;
  expect((await ask(a.url, key, session)).status).toBe(200);
  const held = await fetch(`${a.url}/mcp`, { headers: headersOf(key, session) });
  expect(await b.stop()).toBe(0);
  expect(await held.text()).toBe('');
  expect((await ask(a.url, key, session)).status).toBe(404);

  const again = await serve(second, options);
  const reopened = await ask(again.url, key, undefined, { method: 'initialize', params });
  const next = reopened.headers.get('mcp-session-id') as string;
  expect((await ask(a.url, key, next)).status).toBe(200);
  await run(['key', 'revoke', id, ...first.where], options);
  await expect.poll(async () => (await ask(a.url, key, next)).status, { timeout: 2000 }).toBe(401);
  await again.stop('SIGKILL');
  const killed = await ask(a.url, key, next);
  expect([killed.status, killed.headers.get('retry-after')]).toEqual([503, '2']);
}, 240_000);

test('a call that waits at one for the answer of its client goes on there, whichever the answer comes to', async () => {
  const far = await serveUpstream('session');
  onTestFinished(() => far.close());
  const documents = `---
kind: mcpServer
name: far
url: ${far.url}
allowPrivateNetworks: true
---
kind: policy
name: servers
cedar: |
  @id("Users call tools of servers")
  permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
`;
  const { shown, options } = await installation();
  const first = await host(shown, { documents });
  const made = await run(['key', 'create', '--agent', 'bot', '--role', 'user', '--json', ...first.where], options);
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const second = await host(shown, { beside: first.place, documents });
  const turns = [await serve(first, options), await serve(second, options)];
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { who: 'Ada' } }));
  const taken: string[] = [];
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${turns[0]?.url}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${key}` } },
      fetch: (to, init) => {
        const turn = turns[0] as RunningServer;
        turns.reverse();
        if (typeof init?.body === 'string' && init.body.includes('tools/call')) taken.push(turn.url);
        return fetch(new URL(new URL(to).pathname, turn.url), init);
      },
    }),
  );
  await expect.poll(async () => (await client.listTools()).tools.length, { timeout: 30_000 }).toBeGreaterThan(5);
  for (let round = 0; round < 2; round++) {
    const { content } = await client.callTool({ name: 'far_ask', arguments: { kind: 'elicitation' } });
    expect(JSON.stringify(content)).toContain('Ada');
  }
  expect(new Set(taken).size).toBe(2);
  await client.close();
}, 240_000);

test('two servers of which nobody said where they are say so in their logs', async () => {
  const { shown, options } = await installation();
  const first = await host(shown, { replica: false });
  await run(['key', 'create', '--agent', 'bot', '--role', 'user', '--json', ...first.where], options);
  const second = await host(shown, { beside: first.place, replica: false });
  const servers = [await serve(first, options), await serve(second, options)];
  for (const { stderr } of servers) await expect.poll(stderr, { timeout: 30_000 }).toContain('replica.address');
}, 180_000);

const postgres = { type: 'postgres', host: 'db.example', database: 'c', user: 'c' };
const tls = { certificate: '/tls.crt', key: '/tls.key' };
test.each<[string, Record<string, unknown>, string | undefined]>([
  ['an address beside SQLite', { replica: { address: 'http://127.0.0.1:7420' } }, 'on SQLite one server serves'],
  [
    'one in the clear over a network',
    { replica: { address: 'http://10.0.0.7:7420' }, database: postgres },
    'in the clear',
  ],
  ['one with a path', { replica: { address: 'https://10.0.0.7:7420/mcp' }, database: postgres }, 'not an origin'],
  [
    'one of another scheme',
    { replica: { address: 'ftp://10.0.0.7' }, database: postgres },
    'not an absolute https or http URL',
  ],
  ['https', { replica: { address: 'https://10.0.0.7:7420' }, database: postgres, tls }, undefined],
  ['this machine', { replica: { address: 'http://127.0.0.1:7420' }, database: postgres }, undefined],
  [
    'one whose TLS somebody else speaks',
    { replica: { address: 'http://10.0.0.7:7420' }, database: postgres, tlsTerminatedBy: 'mesh' },
    undefined,
  ],
])('a configuration with %s', (_, settings, problem) => {
  const parsed = serverSchema.safeParse({ kind: 'server', ...settings });
  expect(parsed.error?.issues.map(({ message }) => message).join()).toEqual(
    problem === undefined ? undefined : expect.stringContaining(problem),
  );
});
