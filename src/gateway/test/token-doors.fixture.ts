/** A gateway on a real socket whose resource server trusts local issuers; tools of one subject each. */
import { randomBytes } from 'node:crypto';
import {
  loadConfiguration,
  sourceTypes,
  type Group,
  type NamespaceView,
  type Tool,
  type ToolboxSnapshot,
} from '#toolbox';
import {
  publicUrlOf,
  serverSchema,
  type AuthServiceDeclaration,
  type Principal,
  type SecretReader,
  type TokenVerifier,
} from '#contract';
import { err, ok, silentLogger, systemClock, type JsonObject } from '#kernel';
import { fixedPolicies, STARTER_POLICIES } from '#policy';
import { ResourceServer, type ConfirmationParts, type GooglePlaces, type Issuer, type People } from '#resource-server';
import { createGateway, listen, type Gateway, type Siblings } from '../index.ts';
import { ScriptedTrail } from './scripted-trail.fixture.ts';
import { testTool } from './tools.fixture.ts';

/** What a new installation allows; one set for all gateways of a test file, since Cedar takes a while to load. */
const policies = fixedPolicies(STARTER_POLICIES);

/** The documents of a text, as the server reads them. */
export function authServicesOf(yaml: string): readonly AuthServiceDeclaration[] {
  const loaded = loadConfiguration([{ file: 'test.yaml', directory: '/', bytes: Buffer.from(yaml) }], {
    env: {},
    catalog: sourceTypes,
  });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'));
  return loaded.value.configuration.authServices;
}

const said = (text: unknown) => ({ kind: 'value', value: JSON.stringify(text) ?? '' }) as const;

export const TOOLS: readonly Tool[] = [
  testTool({ name: 'open', run: async () => said('open') }),
  testTool({ name: 'write', run: async () => said('written'), overrides: { scopesRequired: ['write'] } }),
  testTool({
    name: 'whoami',
    run: async (args) => said(args['who']),
    overrides: {
      authenticatedParameters: new Map([
        [
          'who',
          [
            { service: 'mine', claim: 'sub' },
            { service: 'other', claim: 'sub' },
          ],
        ],
      ]),
      check: (raw, supplied) => {
        const who = supplied?.['who'];
        return who === undefined ? err([{ path: 'who', message: 'is required' }]) : ok({ ...raw, who });
      },
    },
  }),
  testTool({ name: 'guarded', run: async () => said('guarded'), overrides: { authRequired: ['mine', 'other'] } }),
];

const groupOf = (name: string, tools: readonly Tool[]): Group => ({
  name,
  description: undefined,
  tools,
  prompts: [],
  resources: [],
  resourceTemplates: [],
  ttlMs: 1000,
  cacheScope: 'private',
});

function viewOf(name: string): NamespaceView {
  return {
    name,
    tools: new Map(TOOLS.map((tool) => [tool.name, tool])),
    prompts: new Map(),
    resources: new Map(),
    resourceTemplates: [],
    all: groupOf('', TOOLS),
    groups: new Map([
      ['few', groupOf('few', TOOLS.slice(0, 1))],
      ['writing', groupOf('writing', TOOLS.slice(1, 2))],
    ]),
    servers: new Map(['far', 'near'].map((server) => [server, groupOf(`s/${server}`, TOOLS.slice(0, 1))])),
    sources: [],
  };
}

const SNAPSHOT: ToolboxSnapshot = {
  version: '1',
  namespaces: new Map(['default', 'team'].map((name) => [name, viewOf(name)])),
};

/** An agent with a key, in the default namespace. */
export const KEY = 'chk_agent';
export const SCOPED_KEY = 'chk_scoped';
const agent = (scopes: readonly string[]): Principal => ({
  kind: 'agent',
  iss: 'chatelaine',
  sub: 'agent',
  name: 'agent',
  namespace: 'default',
  roles: ['user'],
  access: new Set(['read', 'execute']),
  groups: [],
  scopes: new Set(scopes),
  via: { method: 'api-key', keyId: 'agent' },
});

/** Nobody is known, unless a test says so. */
export const STRANGERS: People = { ofSubject: async () => 'unknown' };
export const NO_SECRETS: SecretReader = { read: () => Promise.reject(new Error('there is no vault here')) };

export interface Doors extends AsyncDisposable {
  readonly url: string;
  readonly resources: ResourceServer;
  readonly trail: ScriptedTrail;
  readonly gateway: Gateway;
}

export async function openDoors(options: {
  services: () => readonly AuthServiceDeclaration[];
  issuers?: () => readonly Issuer[];
  people?: People;
  secrets?: SecretReader;
  google?: GooglePlaces;
  clock?: { now(): number };
  introspectionClient?: ConstructorParameters<typeof ResourceServer>[0]['introspectionClient'];
  confirmation?: ConfirmationParts;
  siblings?: Siblings;
}): Promise<Doors> {
  const resources = new ResourceServer({
    people: STRANGERS,
    secrets: NO_SECRETS,
    clock: systemClock,
    ...options,
  });
  const verifier: TokenVerifier = {
    verify(credential, peer) {
      if (credential === KEY) return ok(agent([]));
      return credential === SCOPED_KEY ? ok(agent(['read', 'write'])) : resources.verify(credential, peer);
    },
  };
  const settings = serverSchema.parse({ kind: 'server', port: 0 });
  const trail = new ScriptedTrail();
  const gateway = createGateway({
    trail,
    policies,
    toolbox: { current: () => SNAPSHOT, onChange: () => undefined },
    verifier,
    resources,
    siblings: options.siblings,
    settings,
    stateKey: randomBytes(32),
    maskKey: async () => randomBytes(32),
    observers: [],
    version: '0.0.0-test',
    clock: systemClock,
    log: silentLogger,
  });
  const listener = await listen({ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, handler: gateway.handler });
  resources.reachedAt(publicUrlOf(settings, listener.port));
  return {
    url: `http://localhost:${listener.port}`,
    resources,
    trail,
    gateway,
    async [Symbol.asyncDispose]() {
      gateway.drain();
      await listener.close(100);
      await resources.close();
    },
  };
}

/** A JSON-RPC request at an MCP door. */
export function rpc(
  url: string,
  token: string | undefined,
  method: string,
  params: JsonObject = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
}

export const call = (url: string, token: string | undefined, name: string, headers: Record<string, string> = {}) =>
  rpc(url, token, 'tools/call', { name, arguments: {} }, headers);

/** The parameters of a challenge. */
export const challengeOf = (response: Response): Record<string, string> =>
  Object.fromEntries(
    Array.from((response.headers.get('www-authenticate') ?? '').matchAll(/(\w+)="([^"]*)"/g), (match) => [
      match[1] as string,
      match[2] as string,
    ]),
  );

/** The names that `tools/list` shows. */
export async function listed(url: string, token: string): Promise<readonly string[]> {
  const response = await rpc(url, token, 'tools/list');
  const body = (await response.json()) as { result: { tools: { name: string }[] } };
  return body.result.tools.map(({ name }) => name);
}
