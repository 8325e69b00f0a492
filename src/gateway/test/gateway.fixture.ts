/**
 * A gateway on a real socket over a toolbox made in code: every tool here does one thing that a door
 * must carry (progress, questions to the client, waiting, rows, a failure).
 */
import { randomBytes } from 'node:crypto';
import { serverSchema, type ClientFace, type Principal, type ServerSettings, type TokenVerifier } from '#contract';
import { err, ok, silentLogger, systemClock, type JsonObject } from '#kernel';
import type {
  Group,
  NamespaceView,
  Prompt,
  Resource,
  Tool,
  ToolArguments,
  ToolboxSnapshot,
  ToolCall,
  ToolOutput,
} from '#toolbox';
import { createGateway, listen, type CallReport, type Gateway, type Listener } from '../index.ts';

export const ALICE = 'chk_alice';
export const BOB = 'chk_bob';
export const OUTSIDER = 'chk_outsider';
export const AUDITOR = 'chk_auditor';
/** A key that the store cannot be asked about. */
export const UNREADABLE = 'chk_unreadable';

const principal = (name: string, overrides: Partial<Principal> = {}): Principal => ({
  kind: 'agent',
  iss: 'chatelaine',
  sub: name,
  name,
  namespace: 'default',
  roles: ['user'],
  groups: [],
  scopes: new Set(),
  via: { method: 'api-key', keyId: name },
  ...overrides,
});

const people: Readonly<Record<string, Principal>> = {
  [ALICE]: principal('alice', { scopes: new Set(['read:cities']) }),
  [BOB]: principal('bob'),
  [OUTSIDER]: principal('outsider', { namespace: 'elsewhere' }),
  [AUDITOR]: principal('auditor', { roles: ['auditor'] }),
};

/** Credentials that stopped counting while the server ran. */
export const revoked = new Set<string>();

const verifier: TokenVerifier = {
  verify: (credential) => {
    const found = people[credential];
    if (credential === UNREADABLE) return err({ reason: 'unavailable' });
    if (revoked.has(credential)) return err({ reason: 'revoked' });
    return found === undefined ? err({ reason: 'unknown' }) : ok(found);
  },
};

export interface TestTool {
  readonly name: string;
  readonly run: (args: ToolArguments, call: ToolCall) => Promise<ToolOutput>;
  readonly overrides?: Partial<Tool>;
}

export function testTool({ name, run, overrides }: TestTool): Tool {
  return {
    name,
    namespace: 'default',
    type: 'test',
    title: undefined,
    description: `The test tool ${name}.`,
    inputSchema: { type: 'object', properties: {} },
    outputSchema: undefined,
    annotations: {},
    scopesRequired: [],
    authRequired: [],
    authenticatedParameters: new Map(),
    secureParameters: [],
    manifest: { description: `The test tool ${name}.`, parameters: [], authRequired: [] },
    _meta: undefined,
    timeoutMs: 30_000,
    check: (raw, supplied) => ok({ ...raw, ...supplied }),
    run,
    ...overrides,
  };
}

const text = (value: string): ToolOutput => ({ kind: 'content', content: [{ type: 'text', text: value }] });

/** Calls that `wait` has begun and their signals, so that a test can see a cancellation arrive. */
export const waiting: { readonly started: Promise<void>; readonly aborted: Promise<void> }[] = [];

export const TOOLS: readonly Tool[] = [
  testTool({ name: 'echo', run: async (args) => text(JSON.stringify(args)) }),
  testTool({ name: 'rows', run: async () => ({ kind: 'rows', rows: [{ id: 1 }, { id: 2 }] }) }),
  testTool({
    name: 'cut',
    run: async () => ({ kind: 'rows', rows: [{ id: 1 }], truncated: { by: 'maxRows', limit: 1 } }),
  }),
  testTool({ name: 'none', run: async () => ({ kind: 'rows', rows: [] }) }),
  testTool({
    name: 'scoped',
    run: async () => text('in scope'),
    overrides: { scopesRequired: ['read:cities'] },
  }),
  testTool({
    name: 'two_scopes',
    run: async () => text('never'),
    overrides: { scopesRequired: ['read:cities', 'write:cities'] },
  }),
  testTool({ name: 'google_only', run: async () => text('never'), overrides: { authRequired: ['my-google'] } }),
  testTool({
    name: 'picky',
    run: async () => text('never'),
    overrides: {
      check: () =>
        err([
          { path: 'city', message: 'must be a string' },
          { path: 'limit', message: 'must be at most 10' },
        ]),
    },
  }),
  testTool({
    name: 'secretive',
    run: async (args) => text(JSON.stringify(args)),
    overrides: { secureParameters: ['pin'] },
  }),
  testTool({
    name: 'mirrored',
    run: async (args) => text(JSON.stringify(args)),
    overrides: {
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
        },
      },
    },
  }),
  testTool({
    name: 'progress',
    run: async (_, { client }) => {
      for (const step of [1, 2, 2, 3]) client.progress(step, 3, `step ${step}`);
      client.log('info', { note: 'half way' });
      client.log('debug', 'detail');
      return text('done');
    },
  }),
  testTool({ name: 'greet', run: async (_, { client }) => text(await greeting(client)) }),
  testTool({
    name: 'wait',
    run: (_, { signal }) => {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      waiting.push({ started: Promise.resolve(), aborted });
      return aborted.then(() => Promise.reject(signal.reason as Error));
    },
  }),
  testTool({ name: 'broken', run: () => Promise.reject(new Error('a secret detail of the inside')) }),
];

async function greeting(client: ClientFace): Promise<string> {
  const first = await client.request(
    {
      name: {
        method: 'elicitation/create',
        params: {
          mode: 'form',
          message: 'Who?',
          requestedSchema: { type: 'object', properties: { who: { type: 'string' } } },
        },
      },
    },
    { asked: 1 },
  );
  const second = await client.request({
    mood: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } },
  });
  const answered = (answer: JsonObject | undefined): Record<string, string> =>
    (answer?.['content'] ?? {}) as Record<string, string>;
  return `${answered(first['name'])['who']} is ${answered(second['mood'])['text']}`;
}

const prompts: readonly Prompt[] = [
  {
    name: 'trip',
    title: 'Plan a trip',
    description: 'Plans a trip.',
    arguments: [{ name: 'city', title: undefined, description: 'Where to', required: true }],
    get: async (args) =>
      args['city'] === undefined
        ? err([{ path: 'city', message: 'is required' }])
        : ok([{ role: 'user', content: { type: 'text', text: `Plan ${args['city']}` } }]),
    complete: async (_, typed) => ['Basel', 'Bern', 'Biel'].filter((city) => city.startsWith(typed)),
  },
];

export const watchers: (() => void)[] = [];

const resources: readonly Resource[] = [
  {
    uri: 'test://readme',
    name: 'readme',
    title: undefined,
    description: undefined,
    mimeType: 'text/plain',
    annotations: undefined,
    _meta: undefined,
    size: undefined,
    read: async () => [{ uri: 'test://readme', mimeType: 'text/plain', text: 'read me' }],
    watch: (changed) => void watchers.push(changed),
  },
];

export function group(name: string, tools: readonly Tool[]): Group {
  return {
    name,
    description: name === '' ? 'Test instructions.' : undefined,
    tools,
    prompts,
    resources,
    resourceTemplates: [],
    ttlMs: 1000,
    cacheScope: 'private',
  };
}

export function snapshotOf(tools: readonly Tool[] = TOOLS): ToolboxSnapshot {
  const view: NamespaceView = {
    name: 'default',
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    prompts: new Map(prompts.map((prompt) => [prompt.name, prompt])),
    resources: new Map(resources.map((resource) => [resource.uri, resource])),
    resourceTemplates: [],
    all: group('', tools),
    groups: new Map([['few', group('few', tools.slice(0, 1))]]),
    sources: [],
  };
  return { version: String(tools.length), namespaces: new Map([['default', view]]) };
}

export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly reports: readonly CallReport[];
  replace(next: ToolboxSnapshot): void;
  close(): Promise<void>;
}

export async function startGateway(
  settings: Partial<Record<keyof ServerSettings, unknown>> = {},
  snapshot = snapshotOf(),
): Promise<RunningGateway> {
  let current = snapshot;
  const listeners: ((snapshot: ToolboxSnapshot) => void)[] = [];
  const reports: CallReport[] = [];
  const parsed = serverSchema.parse({ kind: 'server', port: 0, ...settings });
  const gateway = createGateway({
    toolbox: { current: () => current, onChange: (listener) => void listeners.push(listener) },
    verifier,
    settings: parsed,
    stateKey: randomBytes(32),
    observers: [{ called: (report) => void reports.push(report) }],
    version: '0.0.0-test',
    clock: systemClock,
    log: silentLogger,
  });
  const listener = await listen({
    host: parsed.host,
    port: 0,
    requestTimeoutMs: parsed.limits.requestTimeout,
    handler: gateway.handler,
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    gateway,
    listener,
    reports,
    replace(next) {
      current = next;
      for (const listener of listeners) listener(next);
    },
    async close() {
      gateway.drain();
      await listener.close(100);
    },
  };
}

/** A JSON-RPC POST as a client of the session era sends it; `headers` win over the usual ones. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      Authorization: `Bearer ${ALICE}`,
      ...headers,
    },
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
}

/** The same for the stateless era: `_meta` and the headers that repeat the body. */
export function postStateless(
  url: string,
  method: string,
  params: JsonObject = {},
  options: { capabilities?: JsonObject; headers?: Record<string, string>; meta?: JsonObject; id?: number } = {},
): Promise<Response> {
  const named = (params['name'] ?? params['uri']) as string | undefined;
  return post(
    url,
    {
      jsonrpc: '2.0',
      id: options.id ?? 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': options.capabilities ?? {},
          ...options.meta,
        },
      },
    },
    {
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': method,
      ...(named !== undefined && { 'Mcp-Name': named }),
      ...options.headers,
    },
  );
}
