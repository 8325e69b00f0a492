/** A gateway with policies of the test over real services: calls that are decided and recorded, and the API beside them. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { EVERYWHERE, serverSchema, type Principal, type Role, type TokenVerifier } from '#contract';
import { createGateway, listen } from '#gateway';
import { agentPrincipal, operator, userPrincipal } from '#identity';
import { err, ok, silentLogger, systemClock, type Clock } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import type { DeclaredPolicy, PolicySource } from '#policy';
import type { Group, Tool, ToolboxSnapshot } from '#toolbox';
import { emptyPlace, type TestDialect } from '../../../test/databases.ts';
import { testTool } from '../../../test/test-tool.ts';
import { openApi } from '../services/open-api.ts';

export const policyOf = (cedar: string, more: Partial<PolicySource> = {}): PolicySource => ({
  ...{ id: `*/may`, namespace: EVERYWHERE, priority: 0, cedar },
  ...more,
});

/** A tool that says that it is done; nothing is known of what it changes. */
const toolCalled = (name: string, overrides: Partial<Tool> = {}): Tool => testTool({ name, run: done, overrides });

function snapshotOf(tools: readonly Tool[]): ToolboxSnapshot {
  const views = [...Map.groupBy(tools, ({ namespace }) => namespace)].map(([name, its]) => {
    const all: Group = {
      ...{ name: '', description: undefined, tools: its, prompts: [], resources: [], resourceTemplates: [] },
      ...{ ttlMs: 1000, cacheScope: 'private' },
    };
    const view = {
      ...{ name, tools: new Map(its.map((tool) => [tool.name, tool])), prompts: new Map() },
      ...{ resources: new Map(), resourceTemplates: [], all, groups: new Map(), sources: [] },
    };
    return [name, view] as const;
  });
  return { version: '1', namespaces: new Map(views) };
}

const done = async () => ({ kind: 'content', content: [{ type: 'text', text: 'done' }] }) as const;

/** `pay` takes an amount and a note, `look` nothing; both write as far as anybody knows. */
export const PAY = toolCalled('pay', {
  tags: ['money'],
  argumentTypes: { amount: { type: 'float' }, note: { type: 'string' } },
});
export const LOOK = toolCalled('look');

/** Where roles are held; everywhere unless it is said. */
interface Held {
  readonly at?: string;
}

export interface Decided {
  readonly services: Services;
  /** Policies from now on. */
  decideBy(sources: readonly PolicySource[]): void;
  /** `namespace` is where the agent is. */
  agent(name: string, roles?: readonly Role[], where?: Held & { readonly namespace?: string }): Promise<Principal>;
  user(name: string, roles?: readonly Role[], where?: Held): Promise<Principal>;
  /** The status of the call, at the REST door of the tool's namespace: `search`, `team/search`. */
  call(who: Principal, tool: string, args?: object): Promise<number>;
  /** What the API answers; of a stream the last line, which is the report. */
  api<Answer>(
    method: string,
    path: string,
    body?: unknown,
    who?: Principal,
    read?: (text: string) => Answer,
  ): Promise<{ readonly status: number; readonly body: Answer }>;
  /** Everything that was seen is kept. */
  settled(): Promise<void>;
}

/** Policies as documents: another list whenever anything about them is other. */
class PolicyDocuments {
  readonly #watched: () => readonly PolicySource[];
  #sources: readonly PolicySource[];
  #seen: readonly PolicySource[] | undefined;
  #documents: readonly DeclaredPolicy[] = [];

  constructor(sources: readonly PolicySource[], watched: (() => readonly PolicySource[]) | undefined) {
    this.#sources = sources;
    this.#watched = watched ?? (() => NOTHING_WATCHED);
  }

  replace(sources: readonly PolicySource[]): void {
    this.#sources = sources;
    this.#seen = undefined;
  }

  current(): readonly DeclaredPolicy[] {
    const watched = this.#watched();
    if (watched === this.#seen) return this.#documents;
    this.#seen = watched;
    this.#documents = [...this.#sources.map(documentOf(false)), ...watched.map(documentOf(true))];
    return this.#documents;
  }
}

const NOTHING_WATCHED: readonly PolicySource[] = [];

const documentOf =
  (shadow: boolean) =>
  ({ id, namespace, priority, cedar }: PolicySource): DeclaredPolicy => ({
    ...{ namespace, name: id.slice(id.indexOf('/') + 1), priority, cedar },
    ...{ description: '', shadow, enabled: true },
  });

interface DecidedOptions {
  readonly dialect?: TestDialect;
  readonly watched?: () => readonly PolicySource[];
  readonly tools?: readonly Tool[];
  readonly clock?: Clock;
}

export async function decided(
  sources: readonly PolicySource[],
  { dialect = 'sqlite', watched, tools = [PAY, LOOK], clock = systemClock }: DecidedOptions = {},
): Promise<Decided> {
  const place = await emptyPlace(dialect);
  const settings = serverSchema.parse({ kind: 'server', port: 0, database: place.document });
  const endings = new Endings();
  onTestFinished(() => endings.close(silentLogger));
  const documents = new PolicyDocuments(sources, watched);
  const opened = { dataDir: place.directory, settings, clock, log: silentLogger, endings };
  const services = await openServices({ ...opened, declaredPolicies: () => documents.current() });
  // These decide and no others.
  await services.database.db.deleteFrom('policy_versions').execute();
  await services.database.db.deleteFrom('policies').execute();
  const { policies } = services;
  const snapshot = snapshotOf(tools);
  const callers = new Map<string, Principal>();
  const verifier: TokenVerifier = {
    verify(credential) {
      const found = callers.get(credential);
      return found === undefined ? err({ reason: 'unknown' }) : ok(found);
    },
  };
  const gateway = createGateway({
    toolbox: { current: () => snapshot, onChange: () => {} },
    ...{ verifier, policies, settings, trail: services.audit, observers: [], clock, log: silentLogger },
    steps: { watch: services.watch },
    ...{ stateKey: randomBytes(32), maskKey: async () => randomBytes(32), version: '0.0.0-test' },
  });
  const listener = await listen({ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, handler: gateway.handler });
  endings.add('listener', () => listener.close(100));
  const api = await openApi(services, {
    ...{ version: '0.0.0-test', dataDir: place.directory, settings, secret: randomBytes(32), endings, clock },
    ...{ log: silentLogger, snapshot: () => snapshot },
  });
  const operating = operator();
  const known = (principal: Principal): Principal => {
    callers.set(`chk_${principal.sub}`, principal);
    return principal;
  };
  const bind = async (kind: 'user' | 'agent', id: string, roles: readonly Role[], namespace = EVERYWHERE) => {
    for (const role of roles)
      await services.identity.roles.create(operating, { role, namespace, subject: { kind, id } });
  };

  return {
    services,
    decideBy(next) {
      documents.replace(next);
    },
    async agent(name, roles = [], { namespace = 'default', at } = {}) {
      const { id } = await services.identity.agents.create(operating, { name, namespace, roles: [] });
      await bind('agent', id, roles, at);
      const standing = await services.identity.agentStandings.ofAgent(id);
      const credential = { access: new Set(['read', 'execute'] as const), scopes: new Set<string>() };
      return known(
        agentPrincipal(standing!.agent, standing!, { ...credential, via: { method: 'api-key', keyId: id } }),
      );
    },
    async user(name, roles = [], { at } = {}) {
      const { id } = await services.users.create(operating, { name, profile: { displayName: name, email: '' } });
      await bind('user', id, roles, at);
      const standing = await services.identity.standings.ofUser(id);
      return known(userPrincipal(standing!, { namespace: 'default', via: { method: 'session', sessionId: id } }));
    },
    async call(who, tool, args = {}) {
      const [namespace, own] = tool.includes('/') ? tool.split('/') : [undefined, tool];
      const place = namespace === undefined ? '/api' : `/api/n/${namespace}`;
      const answer = await fetch(`http://127.0.0.1:${listener.port}${place}/tool/${own}/invoke`, {
        method: 'POST',
        headers: { authorization: `Bearer chk_${who.sub}`, 'content-type': 'application/json' },
        body: JSON.stringify(args),
      });
      await answer.arrayBuffer();
      return answer.status;
    },
    async api<Answer>(
      method: string,
      path: string,
      body?: unknown,
      who: Principal = operating.principal,
      read: (text: string) => Answer = (text) => JSON.parse(text) as Answer,
    ) {
      const given = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const headers = { 'content-type': 'application/json' };
      const target = `/api/v1${path}`;
      const answer = await api.local({ method, target, headers, body: given, principal: who, requestId: 'test' });
      let text = answer.body ?? '';
      for await (const piece of answer.pieces ?? []) text += String(piece);
      return { status: answer.status, body: read(text.trim().split('\n').at(-1) ?? '') };
    },
    async settled() {
      const { subjects, shadow } = await services.watch.opened();
      await shadow.settled();
      await subjects.flush();
    },
  };
}
