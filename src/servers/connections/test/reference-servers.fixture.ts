/** Reference servers of the official SDKs, on every transport; what is opened ends with `closeAll`. */
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { EgressClient, egressRulesOf } from '#egress';
import { randomToken, silentLogger, systemClock, type Logger } from '#kernel';
import { connect } from '../connect.ts';
import type { ServerConnection } from '../server-connection.ts';
import { RestartPace } from '../stdio/restart-pace.ts';
import type { ConnectionContext, ConnectOptions, HttpTarget, ServerTarget, StdioTarget } from '../target.ts';
import { sessionServer } from './session-server.fixture.ts';
import { statelessServer } from './stateless-server.fixture.ts';

export interface RunningServer {
  readonly target: ServerTarget;
  /** The requests that came over HTTP, in order. */
  readonly requests: readonly IncomingMessage[];
  /** Ends it at once, connections and all. */
  kill(): Promise<void>;
}

const closings: (() => Promise<void>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closings.splice(0).toReversed()) await close();
}

export async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: URL; requests: IncomingMessage[]; kill: () => Promise<void> }> {
  const requests: IncomingMessage[] = [];
  const server: HttpServer = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  closings.push(kill);
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`), requests, kill };
}

export function httpTarget(url: URL, more: Partial<HttpTarget> = {}): HttpTarget {
  const rules = egressRulesOf({
    allowedIpRanges: ['127.0.0.1'],
    customBlockedIpRanges: [],
    allowPrivateNetworks: false,
  });
  const client = new EgressClient({ rules, maxConnections: 1024 });
  closings.push(() => client.close());
  return { name: 'reference', transport: 'http', url, client, ...more };
}

export async function serveStateless(): Promise<RunningServer> {
  const handler = createMcpHandler(
    statelessServer(() => handler.notify.toolsChanged()),
    { legacy: 'reject' },
  );
  const node = toNodeHandler(handler);
  const { url, requests, kill } = await listen((request, response) => void node(request, response));
  return { target: httpTarget(url), requests, kill };
}

export async function serveSession(options: { readonly json?: boolean } = {}): Promise<RunningServer> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? transports.get(id) : undefined;
    if (transport === undefined) {
      if (id !== undefined) {
        response.writeHead(404).end();
        return;
      }
      const opened = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomToken(),
        enableJsonResponse: options.json === true,
        onsessioninitialized: (sessionId) => void transports.set(sessionId, opened),
        onsessionclosed: (sessionId) => void transports.delete(sessionId),
      });
      await sessionServer().connect(opened);
      transport = opened;
    }
    await transport.handleRequest(request, response);
  };
  const { url, requests, kill } = await listen((request, response) => void handle(request, response));
  return { target: httpTarget(url), requests, kill };
}

export async function serveSse(): Promise<RunningServer> {
  const transports = new Map<string, SSEServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') {
      const transport = new SSEServerTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      return await sessionServer().connect(transport);
    }
    const id = new URL(request.url ?? '', 'http://x').searchParams.get('sessionId') ?? '';
    await transports.get(id)?.handlePostMessage(request, response);
  };
  const { url, requests, kill } = await listen((request, response) => void handle(request, response));
  return { target: httpTarget(url, { transport: 'sse' }), requests, kill };
}

export function stdioTarget(era: 'session' | 'stateless', more: Partial<StdioTarget['process']> = {}): StdioTarget {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-stdio-'));
  closings.push(async () => rmSync(directory, { recursive: true, force: true }));
  const entry = fileURLToPath(new URL(`./stdio-${era}.fixture.ts`, import.meta.url));
  return {
    name: 'reference',
    transport: 'stdio',
    pace: new RestartPace(systemClock),
    process: {
      command: process.execPath,
      args: ['--conditions=chatelaine-source', '--disable-warning=ExperimentalWarning', entry],
      env: {},
      directory,
      ...more,
    },
  };
}

export async function serveStdio(era: 'session' | 'stateless'): Promise<RunningServer> {
  return Promise.resolve({ target: stdioTarget(era), requests: [], kill: () => Promise.resolve() });
}

/** Connects as a client that can do everything, and closes with the rest. */
export async function open(
  target: ServerTarget,
  options: Partial<ConnectOptions> = {},
  context: Partial<ConnectionContext> & { log?: Logger } = {},
): Promise<ServerConnection> {
  const connection = await connect(
    target,
    { clock: systemClock, log: silentLogger, ...context },
    {
      capabilities: { sampling: {}, elicitation: { form: {} }, roots: {} },
      clientInfo: { name: 'chatelaine-test', version: '0' },
      signal: AbortSignal.timeout(60_000),
      ...options,
    },
  );
  closings.push(() => connection.close());
  return connection;
}
