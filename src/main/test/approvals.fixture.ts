/** Servers with a tool that wants a person's yes, on one state, in this process: each shares with the others what two processes would. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { EVERYWHERE, serverSchema, type Access, type Role } from '#contract';
import { createGateway, listen } from '#gateway';
import { openApiDoor } from '#http';
import { operator, provisionUser, signInPages } from '#identity';
import { err, reveal, silentLogger, type Clock, type JsonObject } from '#kernel';
import type { NamespaceView, Tool, ToolArguments, ToolboxSnapshot, ToolOutput } from '#toolbox';
import { Browser } from '../../../test/browser.ts';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { testTool } from '../../../test/test-tool.ts';
import { Endings } from '../endings.ts';
import { lateApi } from '../serve/late-api.ts';
import { pagesOf } from '../serve/sign-in-pages.ts';
import { servedApprovals } from '../serve/approvals.ts';
import { approvalStep } from '../services/approvals.ts';
import { openApi } from '../services/open-api.ts';
import { bearerVerifier, openServices, type Services } from '../services/index.ts';

/** Real time, which can be moved on. */
export class MovedClock implements Clock {
  #ahead = 0;

  now(): number {
    return Date.now() + this.#ahead;
  }

  advance(ms: number): void {
    this.#ahead += ms;
  }
}

export const PAY = `@approval
permit (principal in Role::"user", action == Action::"execute", resource == Tool::"default/pay");`;

export interface ApprovalServer {
  readonly url: URL;
  readonly services: Services;
  /** What the tool was run with, by this server. */
  readonly paid: JsonObject[];
  /** A call at REST: its status and what was answered. */
  pay(key: string, args: JsonObject): Promise<{ readonly status: number; readonly body: Answered }>;
  api(
    method: string,
    path: string,
    credential: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: Answered }>;
  close(): Promise<void>;
}

export interface Answered {
  readonly code?: string;
  readonly error?: string;
  readonly state?: string;
  readonly items?: readonly { readonly id: string }[];
  readonly arguments?: JsonObject | null;
  readonly approval?: { readonly id: string; readonly url: string; readonly expiresAt: string };
}

export interface Installation {
  readonly clock: MovedClock;
  readonly at: TestPlace;
  /** Another server on the same state. */
  serve(): Promise<ApprovalServer>;
}

export async function installation(
  dialect: TestDialect = 'sqlite',
  { policy = PAY, approvals = {} }: { readonly policy?: string; readonly approvals?: object } = {},
): Promise<Installation> {
  const at = await emptyPlace(dialect);
  const clock = new MovedClock();
  const stateKey = randomBytes(32);
  return { at, clock, serve: () => serveOn(at, clock, { policy, approvals, stateKey }) };
}

/** The one tool: what it is asked for it is run with. */
const payTool = (run: (args: ToolArguments) => Promise<ToolOutput>): Tool =>
  testTool({
    name: 'pay',
    run,
    overrides: {
      description: 'Pays somebody.',
      inputSchema: { type: 'object', properties: { amount: { type: 'number' }, to: { type: 'string' } } },
    },
  });

function snapshotOf(tool: Tool): ToolboxSnapshot {
  const nothing = { prompts: [], resources: [], resourceTemplates: [] };
  const all = { ...nothing, name: '', description: undefined, tools: [tool], ttlMs: 0, cacheScope: 'private' } as const;
  const view: NamespaceView = {
    ...{ name: 'default', tools: new Map([[tool.name, tool]]), prompts: new Map(), resources: new Map() },
    ...{ resourceTemplates: [], all, groups: new Map(), sources: [] },
  };
  return { version: '1', namespaces: new Map([['default', view]]) };
}

async function serveOn(
  at: TestPlace,
  clock: Clock,
  { policy, approvals, stateKey }: { readonly policy: string; readonly approvals: object; readonly stateKey: Buffer },
): Promise<ApprovalServer> {
  const endings = new Endings();
  const log = silentLogger;
  const settings = serverSchema.parse({ kind: 'server', port: 0, database: at.document, approvals });
  const own = {
    namespace: EVERYWHERE,
    name: 'pay',
    priority: 10,
    description: '',
    cedar: policy,
    shadow: false,
    enabled: true,
  };
  const declared = [own];
  const declaredPolicies = () => declared;
  const services = await openServices({ dataDir: at.directory, settings, declaredPolicies, clock, log, endings });
  const paid: JsonObject[] = [];
  const snapshot = snapshotOf(
    payTool(async (args) => {
      paid.push(args);
      return { kind: 'value', value: 'paid' };
    }),
  );
  const surroundings = { services, settings, clock, log, endings };
  const served = servedApprovals({ ...surroundings, snapshot: () => snapshot, hasPages: true, metrics: undefined });
  const signIn = () => services.signIn();
  const others = { answers: (path: string) => path.startsWith('/console') };
  const gateway = createGateway({
    trail: services.audit,
    policies: services.policies,
    steps: { approvals: approvalStep(served.approvals) },
    toolbox: { current: () => snapshot, onChange: () => {} },
    verifier: bearerVerifier(services.identity.keys, () => signIn().verifier, {
      verify: () => err({ reason: 'unknown' }),
    }),
    settings,
    stateKey,
    maskKey: async () => stateKey,
    pages: pagesOf([
      served.pages,
      {
        ...others,
        handle: (...visit) => signInPages({ services: signIn(), log }).handle(...visit),
      },
    ]),
    api: lateApi(async () => {
      const api = await openApi(services, {
        ...{ version: 'test', settings, dataDir: at.directory, secret: stateKey, endings, clock, log },
        approvals: served.approvals,
      });
      return await openApiDoor(api, settings.limits);
    }),
    observers: [],
    version: 'test',
    clock,
    log,
  });
  const listener = await listen({ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, handler: gateway.handler });
  const url = new URL(`http://localhost:${listener.port}`);
  services.signIn(url);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    gateway.drain();
    await listener.close(100);
    await gateway.close();
    await endings.close(log);
  };
  onTestFinished(close);
  const ask = async (method: string, path: string, credential: string, body?: object) => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answered };
  };
  return {
    ...{ url, services, paid, close },
    pay: (key, args) => ask('POST', '/api/tool/pay/invoke', key, args),
    api: (method, path, credential, body) =>
      ask(
        method,
        `/api/v1${path}`,
        credential,
        body ?? (method === 'POST' && path.endsWith('/refuse') ? {} : undefined),
      ),
  };
}

/** The key of an agent with the role `user`. */
export async function agentKey(
  { services }: ApprovalServer,
  agent = 'claude',
  {
    access = ['read', 'execute'],
    roles = ['user'],
  }: { readonly access?: readonly Access[]; readonly roles?: readonly Role[] } = {},
): Promise<string> {
  return reveal((await services.identity.keys.create(operator(), { agent, roles, access })).secret);
}

export interface SignedInPerson {
  readonly id: string;
  /** A session of the command line. */
  readonly credential: string;
  /** In which they are signed in at that server. */
  readonly browser: Browser;
}

/** Somebody with the role `user` who has just proved who they are, with a second factor. */
export async function person(
  { services, url }: ApprovalServer,
  clock: Clock,
  name: string,
  role: Role = 'user',
): Promise<SignedInPerson> {
  const { identity, users, signIn } = services;
  const who = { issuer: 'https://idp.test', subject: name, preferredName: name, displayName: name };
  const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'console' }, who);
  await identity.roles.create(operator(), { role, namespace: EVERYWHERE, subject: { kind: 'user', id: user.id } });
  const begin = async (kind: 'browser' | 'cli'): Promise<string> => {
    const session = {
      userId: user.id,
      kind,
      stage: 'active',
      amr: ['pwd', 'otp', 'mfa'],
      authTime: clock.now(),
    } as const;
    const { token } = await signIn().sessions.begin(
      { ...session, address: '127.0.0.1', device: 'test' },
      async () => {},
    );
    return reveal(token);
  };
  const browser = new Browser(url, url);
  browser.cookies.set('chatelaine', await begin('browser'));
  return { id: user.id, credential: `chs_${await begin('cli')}`, browser };
}
