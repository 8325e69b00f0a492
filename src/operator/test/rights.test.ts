/** What the operator asks the API server for in a full life, held against the rights of the chart, both ways (OPR-006). */
import { expect, test } from 'vitest';
import type { JsonObject } from '#kernel';
import { ROTATE_ANNOTATION } from '../controllers/auth-server-keys.ts';
import {
  HOME,
  OPERATOR,
  SECRETS,
  WATCHED,
  WEBHOOK,
  WEBHOOK_HOME,
  WEBHOOK_SERVICE,
  type PolicyRule,
} from '../rights/index.ts';
import {
  authConfig,
  authServer,
  gateway,
  group,
  HOME_NAMESPACE,
  mcpServer,
  MovedClock,
  openOperatorWorld,
  statusOf,
  type OperatorWorld,
} from './running-operator.fixture.ts';
import { installWebhook } from './webhook.fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
type Asked = ReturnType<OperatorWorld['asked']>[number];

const postgres = {
  ...{ type: 'postgres', host: 'db.data', database: 'chatelaine', user: 'serving' },
  ...{ passwordSecretRef: { name: 'database', key: 'password' }, counters: { host: 'valkey.data' } },
};

/** From the first object to none, with everything that an object can be told. */
async function live(world: OperatorWorld, clock: MovedClock): Promise<void> {
  await world.create(authServer({ storage: postgres, replicas: 2, expose: { ingress: { className: 'nginx' } } }));
  await world.create(authServer({}, { name: 'small', namespace: 'identity' }));
  await world.create(
    authServer(
      {
        tls: {
          serverCert: { issuerRef: { name: 'company', kind: 'ClusterIssuer' } },
          clientAuth: { trustDomain: 'example.com' },
        },
      },
      { name: 'signed' },
    ),
  );
  for (const object of [authConfig(), group(), gateway()]) await world.create(object);
  await world.create(
    mcpServer({ groupRef: { name: 'everybody' }, expose: { httpRoute: { parentRefs: [{ name: 'edge' }] } } }),
  );
  for (const name of ['login', 'signed']) await world.untilReady('MCPAuthServer', name);
  await world.untilReady('MCPAuthServer', 'small', 'Ready', 'identity');
  await world.untilReady('MCPServer', 'weather');
  await world.untilReady('MCPGateway', 'front');
  const authority = async () => JSON.stringify((await world.get('Secret', 'login-ca'))?.['data']);
  const leaf = async () => statusOf(await world.get('MCPServer', 'weather'))['clientCertificate'];

  // Renewal, and a rotation that somebody asks for.
  const [oldLeaf, oldAuthority] = [await leaf(), await authority()];
  clock.moved += 80 * DAY;
  await world.touch('MCPServer', 'weather');
  await world.until(async () => expect(await leaf()).not.toEqual(oldLeaf));
  const asked = new Date(clock.now()).toISOString();
  await world.change('MCPAuthServer', 'login', { metadata: { annotations: { [ROTATE_ANNOTATION]: asked } } });
  await world.until(async () => expect(await authority()).not.toEqual(oldAuthority));

  // Scale, change, break, recover.
  await world.change('MCPAuthServer', 'login', { spec: { autoscaling: { maxReplicas: 4 } } });
  await world.until(async () => expect(await world.get('HorizontalPodAutoscaler', 'login')).toBeDefined());
  await world.change('MCPServer', 'weather', { spec: { replicas: 2, externalAuthConfigRef: null } });
  await world.until(async () => expect(await world.get('PodDisruptionBudget', 'weather-server')).toBeDefined());
  await world.change('MCPServer', 'weather', { spec: { externalAuthConfigRef: { name: 'missing' } } });
  await world.untilReady('MCPServer', 'weather', 'RefNotFound');
  await world.change('MCPServer', 'weather', { spec: { externalAuthConfigRef: { name: 'as-the-caller' } } });
  await world.untilReady('MCPServer', 'weather');
  await world.change('MCPServer', 'weather', {
    spec: { expose: null, replicas: 1, image: null, url: 'https://weather.example.org/mcp' },
  });
  await world.change('MCPAuthServer', 'signed', { spec: { tls: { serverCert: { issuerRef: null } } } });
  // The Secrets that cert-manager made are not the operator's to take over: somebody says that they may go.
  await world.untilReady('MCPAuthServer', 'signed', 'SecretTaken');
  expect(await world.list('Certificate', 'tools')).toEqual([]);
  for (const word of ['server-cert', 'public-cert']) await world.remove('Secret', `signed-${word}`);
  await world.touch('MCPAuthServer', 'signed');
  await world.untilReady('MCPAuthServer', 'signed');
  await world.change('MCPAuthServer', 'login', { spec: { expose: null, autoscaling: null, replicas: 1 } });
  await world.until(async () => {
    for (const kind of ['HTTPRoute', 'Ingress', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Certificate'])
      expect([kind, await world.list(kind, 'tools')]).toEqual([kind, []]);
    expect(await world.get('ServiceAccount', 'weather-server')).toBeUndefined();
  });

  // Held while it is used, and then all of it goes.
  await world.remove('MCPExternalAuthConfig', 'as-the-caller');
  await world.untilReady('MCPExternalAuthConfig', 'as-the-caller', 'StillUsed');
  for (const [kind, name] of [
    ['MCPGateway', 'front'],
    ['MCPServer', 'weather'],
    ['MCPGroup', 'everybody'],
  ] as const)
    await world.remove(kind, name);
  for (const name of ['login', 'signed']) await world.remove('MCPAuthServer', name);
  await world.until(async () => {
    for (const kind of ['MCPExternalAuthConfig', 'MCPGroup', 'Deployment', 'ConfigMap'])
      expect([kind, await world.list(kind, 'tools')]).toEqual([kind, []]);
  });
}

/** Everything a rule lets ask for, one by one. */
const each = (rules: readonly PolicyRule[], where: string): string[] =>
  rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => resourceNames.map((name) => [where, verb, group, resource, name].join(' ').trim())),
      ),
    ),
  );

/** A role only lets in what some other right would not: where to look, and whether by name. */
function askedAs({ verb, group, resource, subresource, namespace, name }: Asked): string {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const isHome = namespace === HOME_NAMESPACE;
  const where =
    group === 'admissionregistration.k8s.io'
      ? 'webhook'
      : isHome
        ? 'home'
        : resource === 'secrets'
          ? 'secrets'
          : 'watched';
  const isNamed = verb !== 'create' && (isHome || where === 'webhook');
  return [where, verb, group, whole, isNamed ? name : ''].join(' ').trim();
}

/**
 * Rights that no request of this operator shows: `get` of what is read from the caches goes with `list`, which gives the
 * same; a server-side apply that makes something needs `create`, and is a `patch` on the wire; `finalizers` is a right
 * that admission asks for and no request goes to.
 */
const GRANTED_BESIDE = (right: string): boolean =>
  /^watched (?:get|create) /.test(right) || / \w+\/finalizers$/.test(right);

test(
  'in a full life it asks for each of its rights and for nothing else, and is refused nothing (OPR-006)',
  { timeout: 120_000 },
  async () => {
    const clock = new MovedClock();
    const webhook: { port?: number | undefined } = {};
    const world = await openOperatorWorld({
      isRich: true,
      webhookAt: () => (webhook.port === undefined ? undefined : { host: '127.0.0.1', port: webhook.port }),
    });
    await installWebhook(world);
    const operator = await world.start({ wallClock: clock, webhook: { host: '127.0.0.1', port: 0 } });
    await world.until(() => expect(operator.isReady).toBe(true));
    webhook.port = operator.webhookPort;
    await live(world, clock);
    await operator.stop();

    // Months later the certificate of the webhook has ended, and its authority is to be followed by another.
    clock.moved += 250 * DAY;
    const secrets = () =>
      Promise.all(['ca', 'cert'].map((word) => world.get('Secret', `${WEBHOOK_SERVICE}-${word}`, HOME_NAMESPACE)));
    const versions = async () =>
      (await secrets()).map((one) => (one as { metadata: JsonObject }).metadata['resourceVersion']);
    const before = await versions();
    await world.start({ wallClock: clock, webhook: { host: '127.0.0.1', port: 0 } });
    await world.until(async () => {
      for (const [at, version] of (await versions()).entries()) expect(version).not.toBe(before[at]);
    });
    const asked = world.asked();

    expect(asked.filter(({ code }) => code === 403).map(askedAs)).toEqual([]);
    const rights = [
      ...each(WATCHED, 'watched'),
      ...each(SECRETS, 'secrets'),
      ...each([...HOME, ...WEBHOOK_HOME], 'home'),
      ...each(WEBHOOK, 'webhook'),
    ];
    const used = new Set(asked.map(askedAs));
    expect([...used].filter((one) => !rights.includes(one))).toEqual([]);
    expect(rights.filter((right) => !used.has(right) && !GRANTED_BESIDE(right))).toEqual([]);
    expect(
      asked.filter(({ resource, verb }) => resource === 'secrets' && ['list', 'watch', 'delete'].includes(verb)),
    ).toEqual([]);
  },
);

test(
  'each write is in a namespace of an object that stands for it, and lists of owners are written where their MCPAuthServer is',
  { timeout: 60_000 },
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    await world.create(authServer({}, { namespace: 'identity' }));
    await world.create(authConfig({ authServerRef: { name: 'login', namespace: 'identity' } }));
    await world.create(mcpServer({ authServerRef: { name: 'login', namespace: 'identity' } }));
    await world.untilReady('MCPServer', 'weather');
    await world.until(async () =>
      expect(statusOf(await world.get('MCPAuthServer', 'login', 'identity'))).toMatchObject({ owners: 1 }),
    );
    const written = world.asked().filter(({ verb }) => ['create', 'update', 'patch', 'delete'].includes(verb));
    const names = (namespace: string) =>
      new Set(
        written
          .filter((one) => one.namespace === namespace && one.resource !== 'events' && one.name !== '')
          .map(({ name }) => name.split('-')[0] ?? ''),
      );
    expect(names('identity')).toEqual(new Set(['login']));
    expect(names('tools')).toEqual(new Set(['as', 'weather']));
    expect([...names('other')]).toEqual([]);
    expect(
      written.filter(({ name }) => name.endsWith('-owners')).map(({ namespace, name }) => `${namespace}/${name}`),
    ).toSatisfy((all: string[]) => all.every((one) => one === 'identity/login-owners'));
    const secrets = world.asked().filter(({ resource }) => resource === 'secrets');
    expect(new Set(secrets.map(({ namespace }) => namespace))).toEqual(new Set(['identity', 'tools']));
    expect(
      written
        .filter(({ namespace }) => namespace === HOME_NAMESPACE)
        .every(({ name, resource, verb }) => resource === 'leases' && (name === OPERATOR || verb === 'create')),
    ).toBe(true);
  },
);
