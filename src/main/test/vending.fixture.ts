/** A server in this process, as `serve` puts it together, under policies of the test's own. */
import { EVERYWHERE } from '#contract';
import { createGateway, type Gateway } from '#gateway';
import { operator } from '#identity';
import { reveal, silentLogger, systemClock, type Clock } from '#kernel';
import { Endings, openApi, type Services } from '#main';
import type { ResourceServer } from '#resource-server';
import { openApiDoor } from '#http';
import { cliContext } from '../../../test/cli-context.ts';
import { freePort } from '../../../test/loopback.ts';
import { openConfigured } from '../configuration/index.ts';
import { agentsUrlOf, openAgentListener, openListener, urlOf } from '../serve/listeners.ts';
import { openListenerTls } from '../serve/listener-tls.ts';
import { ownAuthorizationServer } from '../serve/own-authorization-server.ts';
import { pagesOf } from '../serve/sign-in-pages.ts';
import {
  bearerVerifier,
  lateCredentials,
  lazySecrets,
  openResourceServer,
  openServices,
  toolSecrets,
  vendableTools,
  WorkloadApis,
  type LateCredentials,
} from '../services/index.ts';
import { CITIES, SCOPED, workspace, type Workspace } from './server.fixture.ts';

/** What agents of the namespace may be given here: credentials of a quarter of an hour and less. */
export const VENDS = `
@id("Agents call")
permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource);
@id("Agents are given credentials")
permit (principal in Role::"user", action == Action::"vend", resource);
`;

export interface VendingServer {
  readonly url: URL;
  readonly agentsUrl: URL | undefined;
  readonly place: Workspace;
  readonly services: Services;
  readonly credentials: LateCredentials;
  readonly gateway: Gateway;
  /** Asks at the public listener. */
  ask(method: string, path: string, headers?: Record<string, string>, body?: unknown): Promise<Asked>;
  /** A key of an agent, made where there is none of that name. */
  key(
    agent: string,
    wanted?: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly id: string; readonly key: string }>;
  close(): Promise<void>;
}

export interface Asked {
  readonly status: number;
  readonly body: Record<string, never>;
  readonly headers: Headers;
}

export interface VendingOptions {
  readonly cedar?: string;
  /** Further lines of `kind: server`. */
  readonly settings?: (place: Workspace) => string;
  /** On the data directory of another, as a second process of the host would. */
  readonly beside?: VendingServer;
  readonly clock?: Clock;
}

export async function startVending(options: VendingOptions = {}): Promise<VendingServer> {
  const clock = options.clock ?? systemClock;
  const place = options.beside?.place ?? workspace();
  const port = await freePort();
  // Two processes of one host are behind one address.
  const publicUrl = options.beside?.url ?? new URL(`http://127.0.0.1:${port}`);
  const own = `---\nkind: server\nport: ${port}\npublicUrl: ${publicUrl.origin}\n${options.settings?.(place) ?? ''}`;
  const file = place.write(`tools-${port}.yaml`, `${CITIES}${SCOPED}${own}`);
  const log = silentLogger;
  const endings = new Endings();
  const context = cliContext({ clock });
  const vaultOpened = Promise.withResolvers<ReturnType<typeof toolSecrets>>();
  const secrets = lazySecrets(() => vaultOpened.promise);
  const configured = await openConfigured({ config: file }, { context, log, dataDir: place.dataDir, secrets });
  endings.add('toolbox', () => configured.close());
  const { settings } = configured;
  const policy = { namespace: EVERYWHERE, name: 'test', priority: 0, cedar: options.cedar ?? VENDS };
  const documents = [{ ...policy, description: '', shadow: false, enabled: true }];
  const declaredPolicies = () => documents;
  const services = await openServices({ dataDir: place.dataDir, settings, declaredPolicies, log, endings, clock });
  // It decides alone.
  await services.database.db.deleteFrom('policy_versions').where('author', '=', 'chatelaine').execute();
  await services.database.db.deleteFrom('policies').where('id', 'like', 'starter-%').execute();
  vaultOpened.resolve(toolSecrets(services.vault.reader, services.audit));
  const agentsReached = Promise.withResolvers<URL | undefined>();
  const snapshot = () => configured.toolbox.current();
  const authorizationServer = ownAuthorizationServer({
    ...{ services, secrets, log, endings, publicUrl, clock, isDefault: false, declared: configured, snapshot },
    agentsUrl: () => agentsReached.promise,
    settings: settings.authorizationServer,
    theme: undefined,
  });
  const { sessionGoesOn, issuer } = authorizationServer;
  const tools = vendableTools(snapshot);
  const credentials = lateCredentials({ services, publicUrl, sessionGoesOn, clock, tools, resources: () => resources });
  const issuers = [{ ...issuer, credentials: credentials.tokens }];
  const resources: ResourceServer = openResourceServer({
    ...{ services, secrets, clock, env: {}, declared: () => [], issuers: () => issuers },
  });
  endings.add('resource server', () => resources.close());
  const tls = await openListenerTls(settings, {
    ...{ clock, log, endings, metrics: undefined },
    workloads: new WorkloadApis({ clock, log, endings, env: {} }),
  });
  const api = await openApi(services, {
    ...{ version: '0', settings, dataDir: place.dataDir, secret: Buffer.alloc(32, 7), endings, clock, log },
    ...{ credentials, vendable: tools },
  });
  const gateway = createGateway({
    ...{ toolbox: configured.toolbox, resources, settings, stateKey: Buffer.alloc(32, 7), trail: services.audit },
    ...{ policies: services.policies, observers: [], version: '0', clock, log, tls: tls.all },
    maskKey: async () => Buffer.alloc(32, 7),
    verifier: bearerVerifier(services.identity.keys, () => services.signIn().verifier, resources),
    pages: pagesOf([authorizationServer.pages]),
    agentPages: authorizationServer.programs,
    api: await openApiDoor(api, settings.limits),
  });
  const listener = await openListener({
    ...{ host: settings.host, port, handler: gateway.handler, requestTimeoutMs: settings.limits.requestTimeout },
  });
  services.signIn(publicUrl);
  const agents = await openAgentListener(gateway, settings, {
    ...{ tls: tls.agents, agents: services.identity.certificates, metrics: undefined },
  });
  const agentsUrl = agents && agentsUrlOf(settings, urlOf(agents.host, agents.port, tls.agents));
  resources.reachedAt(publicUrl, agentsUrl);
  agentsReached.resolve(agentsUrl);
  const here = new URL(`http://127.0.0.1:${port}`);
  return {
    ...{ url: here, agentsUrl, place, services, credentials, gateway },
    async ask(method, path, headers = {}, body) {
      const answer = await fetch(new URL(path, here), {
        method,
        headers: {
          ...headers,
          host: publicUrl.host,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as never), headers: answer.headers };
    },
    async key(agent, wanted = {}) {
      const made = await services.identity.keys.create(operator(), { agent, ...wanted });
      return { id: made.key.id, key: reveal(made.secret) };
    },
    async close() {
      gateway.drain();
      await Promise.all([listener.close(0), agents?.close(0)]);
      await gateway.close();
      await endings.close(log);
      if (options.beside === undefined) place.remove();
    },
  };
}

export const bearer = (credential: string): Record<string, string> => ({ authorization: `Bearer ${credential}` });
