/**
 * A gateway on a real socket over a toolbox made in code: every tool here does one thing that a door
 * must carry (progress, questions to the client, waiting, rows, a failure).
 */
import { randomBytes } from 'node:crypto';
import {
  serverSchema,
  type CredentialRefusal,
  type Principal,
  type ServerSettings,
  type TokenVerifier,
} from '#contract';
import { err, ok, silentLogger, systemClock, type JsonObject, type Result } from '#kernel';
import { fixedPolicies, STARTER_POLICIES, type CurrentPolicies } from '#policy';
import type { ServerTls } from '#tls';
import type { Group, NamespaceView, Prompt, Resource, Tool, ToolboxSnapshot } from '#toolbox';
import { ScriptedTrail } from './scripted-trail.fixture.ts';
import { TOOLS } from './tools.fixture.ts';
import {
  type CallObserver,
  createGateway,
  listen,
  type CallReport,
  type Gateway,
  type GatewayOptions,
  type Listener,
  type Pages,
  type Siblings,
} from '../index.ts';

export { testTool, TOOLS, waiting } from './tools.fixture.ts';

export const ALICE = 'chk_alice';
export const BOB = 'chk_bob';
export const OUTSIDER = 'chk_outsider';
export const AUDITOR = 'chk_auditor';
/** Credentials for reading alone, for calling alone, and for one tool. */
export const READER = 'chk_reader';
export const CALLER = 'chk_caller';
export const ONE_TOOL = 'chk_one_tool';
/** An administrator of another namespace, and somebody whose role holds everywhere. */
export const FOREIGN_ROLE = 'chk_foreign_role';
export const GLOBAL_ROLE = 'chk_global_role';
/** An administrator who calls tools as well, with a credential that carries no scope. */
export const NARROW_ADMIN = 'chk_narrow_admin';
/** A key that the store cannot be asked about. */
export const UNREADABLE = 'chk_unreadable';

const principal = (name: string, overrides: Partial<Principal> = {}): Principal => ({
  kind: 'agent',
  iss: 'chatelaine',
  sub: name,
  name,
  namespace: 'default',
  roles: ['user'],
  access: new Set(['read', 'execute']),
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
  [READER]: principal('reader', { access: new Set(['read']) }),
  [CALLER]: principal('caller', { access: new Set(['execute']) }),
  [ONE_TOOL]: principal('one-tool', { allowedTools: new Set(['echo', 'not_there']) }),
  [FOREIGN_ROLE]: principal('foreign-role', { grants: [{ role: 'admin', namespace: 'elsewhere' }] }),
  [NARROW_ADMIN]: principal('narrow-admin', { roles: ['admin', 'user'] }),
  [GLOBAL_ROLE]: principal('global-role', { roles: [], grants: [{ role: 'user', namespace: '*' }] }),
};

/** Alice's key as it is when nobody knows it yet: the store answers when the test lets it. */
export const UNHURRIED = 'chk_unhurried';
export const store = { asked: (): void => {}, answer: (): void => {} };

/** From where each credential was last used, as the verifier was told. */
export const seenFrom = new Map<string, string | undefined>();

/** Credentials that stopped counting while the server ran. */
export const revoked = new Set<string>();

const verifier: TokenVerifier = {
  verify: (credential, peer) => {
    seenFrom.set(credential, peer?.address);
    const found = people[credential];
    if (credential === UNHURRIED) {
      const answer = Promise.withResolvers<Result<Principal, CredentialRefusal>>();
      store.answer = () => answer.resolve(ok(people[ALICE]!));
      store.asked();
      return answer.promise;
    }
    if (credential === UNREADABLE) return err({ reason: 'unavailable' });
    if (revoked.has(credential)) return err({ reason: 'revoked' });
    return found === undefined ? err({ reason: 'unknown' }) : ok(found);
  },
};

/** What a new installation allows; one for all gateways of a test file, since Cedar takes a while to load. */
const STARTER = fixedPolicies(STARTER_POLICIES);

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
  readonly trail: ScriptedTrail;
  replace(next: ToolboxSnapshot): void;
  close(): Promise<void>;
}

export async function startGateway(
  settings: Partial<Record<keyof ServerSettings, unknown>> = {},
  snapshot = snapshotOf(),
  observers: readonly CallObserver[] = [],
  tls: readonly ServerTls[] = [],
  pages?: Pages,
  policies: CurrentPolicies = STARTER,
  steps: GatewayOptions['steps'] = {},
  siblings?: Siblings,
  stateKey: Buffer = randomBytes(32),
): Promise<RunningGateway> {
  let current = snapshot;
  const listeners: ((snapshot: ToolboxSnapshot) => void)[] = [];
  const reports: CallReport[] = [];
  const parsed = serverSchema.parse({ kind: 'server', port: 0, ...settings });
  const trail = new ScriptedTrail();
  const gateway = createGateway({
    trail,
    policies,
    steps,
    tls,
    ...(pages && { pages }),
    siblings,
    toolbox: { current: () => current, onChange: (listener) => void listeners.push(listener) },
    verifier,
    settings: parsed,
    stateKey,
    maskKey: async () => randomBytes(32),
    observers: [{ called: (report) => void reports.push(report) }, ...observers],
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
    trail,
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
