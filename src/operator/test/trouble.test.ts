/** What goes wrong at single objects, and that it comes right again. */
import { expect, test } from 'vitest';
import type { JsonObject } from '#kernel';
import {
  authConfig,
  authServer,
  gateway,
  group,
  letKeepSecrets,
  mcpServer,
  openOperatorWorld,
  statusOf,
  USER,
  type OperatorWorld,
} from './running-operator.fixture.ts';

const LONG = { timeout: 60_000 };
type Fate = 'ready' | 'never' | 'crash-loops' | 'stuck';

const readyOf = (object: JsonObject | undefined) => statusOf(object).conditions?.find(({ type }) => type === 'Ready');
const specOf = (object: JsonObject | undefined) => (object?.['spec'] ?? {}) as JsonObject;

async function everything(world: OperatorWorld): Promise<void> {
  for (const object of [authServer(), authConfig(), mcpServer()]) await world.create(object);
  await world.untilReady('MCPAuthServer', 'login');
  await world.untilReady('MCPServer', 'weather');
}

test(
  'without the right to keep Secrets it says by what command it is given, and goes on once it is',
  LONG,
  async () => {
    const world = await openOperatorWorld({ secretNamespaces: ['identity'] });
    await world.start();
    await world.create(authServer());
    const said = readyOf(await world.untilReady('MCPAuthServer', 'login', 'SecretsForbidden'));
    expect(said?.message).toContain(
      'kubectl create rolebinding chatelaine-operator-secrets --namespace tools --clusterrole chatelaine-operator-secrets --serviceaccount chatelaine-system:chatelaine-operator',
    );
    // Others are not held up by it.
    await world.create(authServer({}, { name: 'entry', namespace: 'identity' }));
    await world.untilReady('MCPAuthServer', 'entry', 'Ready', 'identity');
    await letKeepSecrets(world, 'tools');
    await world.touch('MCPAuthServer', 'login');
    await world.untilReady('MCPAuthServer', 'login');
  },
);

test('installed for one namespace, it needs no more than RoleBindings, and looks at no other', LONG, async () => {
  const world = await openOperatorWorld({ namespaces: ['tools'], secretNamespaces: ['tools'] });
  await world.start({ namespaces: ['tools'] });
  await world.create(authServer({}, { name: 'entry', namespace: 'other' }));
  await everything(world);
  expect(statusOf(await world.get('MCPAuthServer', 'entry', 'other'))).toEqual({});
  const asked = world.asked();
  expect(asked.filter(({ code }) => code === 403)).toEqual([]);
  expect(new Set(asked.map(({ namespace }) => namespace))).toEqual(new Set(['tools', 'chatelaine-system']));
});

test(
  'images without a digest are not run where digests are required, and those with one are (SUP-002)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    const pinned = `example.com/mcp/weather@sha256:${'0a'.repeat(32)}`;
    await world.start({ requireDigests: true, image: `example.com/chatelaine@sha256:${'0b'.repeat(32)}` });
    for (const object of [authServer(), authConfig(), group(), mcpServer()]) await world.create(object);
    await world.create(gateway({ image: 'example.com/chatelaine:latest' }));
    const refused = await world.untilReady('MCPServer', 'weather', 'ImageNotPinned');
    expect(readyOf(refused)?.message).toContain(
      'the container `server` of `weather-server` has `example.com/mcp/weather:1`',
    );
    await world.untilReady('MCPGateway', 'front', 'ImageNotPinned');
    await world.untilReady('MCPAuthServer', 'login');
    const made = await world.list('Deployment', 'tools');
    expect(made.map(({ metadata }) => (metadata as JsonObject)['name'])).toEqual(['login']);
    await world.change('MCPServer', 'weather', { spec: { image: pinned } });
    await world.untilReady('MCPServer', 'weather');
    const helper = { name: 'helper', image: 'example.com/helper:1' };
    await world.change('MCPServer', 'weather', { spec: { podTemplate: { spec: { containers: [helper] } } } });
    await world.untilReady('MCPServer', 'weather', 'ImageNotPinned');
    await world.change('MCPAuthServer', 'login', { spec: { image: 'example.com/chatelaine:2' } });
    await world.untilReady('MCPAuthServer', 'login', 'ImageNotPinned');
    const image = ((specOf(await world.get('Deployment', 'login'))['template'] as JsonObject)['spec'] as JsonObject)[
      'containers'
    ] as JsonObject[];
    expect(image[0]?.['image']).toContain('@sha256:');
  },
);

test('what somebody else changed of a child or took away is as it was soon after', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  await everything(world);
  const port = async () => (specOf(await world.get('Service', 'login'))['ports'] as JsonObject[])[0]?.['port'];
  const [before, owners] = [await port(), (await world.get('ConfigMap', 'login-owners'))?.['data']];
  const ports = specOf(await world.get('Service', 'login'))['ports'] as JsonObject[];
  await world.change('Service', 'login', { spec: { ports: [{ ...ports[0], port: 9999 }] } });
  await world.change('ConfigMap', 'login-owners', { data: { 'owners.yaml': '' } });
  await world.remove('Deployment', 'weather');
  await world.remove('NetworkPolicy', 'login');
  await world.until(async () => {
    expect(await port()).toBe(before);
    expect((await world.get('ConfigMap', 'login-owners'))?.['data']).toEqual(owners);
    for (const [kind, name] of [
      ['Deployment', 'weather'],
      ['NetworkPolicy', 'login'],
    ] as const)
      expect([kind, (await world.get(kind, name)) !== undefined]).toEqual([kind, true]);
  });
  await world.remove('ConfigMap', 'login-owners');
  await world.until(async () => expect((await world.get('ConfigMap', 'login-owners'))?.['data']).toEqual(owners));
  await world.untilReady('MCPServer', 'weather');
});

test('an object of somebody else that has the name of a child is left alone, and the owner says so', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  const theirs = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'login-config', namespace: 'tools' } },
    data: { theirs: 'yes' },
  };
  await world.create(theirs);
  await world.create({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'weather-client-cert', namespace: 'tools' } },
    stringData: { theirs: 'yes' },
  });
  for (const object of [authServer(), authConfig(), mcpServer()]) await world.create(object);
  const taken = await world.untilReady('MCPAuthServer', 'login', 'NameTaken');
  expect(readyOf(taken)?.message).toContain('login-config');
  await world.untilReady('MCPServer', 'weather', 'SecretTaken');
  await world.untilQuiet();
  expect((await world.get('ConfigMap', 'login-config'))?.['data']).toEqual(theirs.data);
  expect(Object.keys((await world.get('Secret', 'weather-client-cert'))?.['data'] as JsonObject)).toEqual(['theirs']);
  await world.remove('ConfigMap', 'login-config');
  await world.remove('Secret', 'weather-client-cert');
  for (const [kind, name] of [
    ['MCPAuthServer', 'login'],
    ['MCPServer', 'weather'],
  ] as const) {
    await world.touch(kind, name);
    await world.untilReady(kind, name);
  }
});

test(
  'pods that crash make it Failed, or Degraded while others serve, with what the cluster says; and it recovers',
  LONG,
  async () => {
    let fate: Fate = 'crash-loops';
    const world = await openOperatorWorld({ fateOf: () => fate });
    await world.start();
    for (const object of [authServer(), authConfig(), mcpServer()]) await world.create(object);
    const failed = await world.untilReady('MCPServer', 'weather', 'PodsFailing');
    expect(statusOf(failed)['phase']).toBe('Failed');
    expect(readyOf(failed)?.message).toContain('has timed out progressing');
    fate = 'ready';
    world.api.controllers.again();
    await world.untilReady('MCPServer', 'weather');
    await world.untilReady('MCPAuthServer', 'login');
    const events = await world.list('Event', 'tools');
    const reasons = events
      .filter(({ regarding }) => (regarding as JsonObject)['name'] === 'weather')
      .map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['NotReady', 'Ready']));
    fate = 'stuck';
    await world.change('MCPServer', 'weather', { spec: { image: 'example.com/mcp/weather:3' } });
    const degraded = await world.untilReady('MCPServer', 'weather', 'PodsFailing');
    expect(statusOf(degraded)).toMatchObject({ phase: 'Degraded', readyReplicas: 1 });
    fate = 'never';
    await world.change('MCPServer', 'weather', { spec: { image: 'example.com/mcp/weather:2' } });
    const waiting = await world.untilReady('MCPServer', 'weather', 'PodsStarting');
    expect(readyOf(waiting)?.status).toBe('Unknown');
  },
);

test('it scales by `replicas`, and at 0 it is Stopped and owners stay on the list', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  await everything(world);
  const replicas = async (name: string) => specOf(await world.get('Deployment', name))['replicas'];
  await world.change('MCPServer', 'weather', { spec: { replicas: 3 } });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPServer', 'weather'))).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      phase: 'Ready',
    }),
  );
  expect(await world.get('PodDisruptionBudget', 'weather-server')).toBeDefined();
  await world.change('MCPServer', 'weather', { spec: { replicas: 0 } });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPServer', 'weather'))).toMatchObject({ phase: 'Stopped' }),
  );
  expect([await replicas('weather'), await replicas('weather-server')]).toEqual([0, 0]);
  expect(await world.get('PodDisruptionBudget', 'weather-server')).toBeUndefined();
  expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ owners: 1 });
  await world.change('MCPAuthServer', 'login', { spec: { replicas: 0 } });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ phase: 'Stopped', replicas: 0 }),
  );
  await world.change('MCPAuthServer', 'login', { spec: { replicas: 1 } });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ phase: 'Ready', replicas: 1 }),
  );
});

test('where an autoscaler says how many pods there are, nobody fights it over that', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  await world.create(authServer(postgresSpec({ replicas: 2 })));
  await world.untilReady('MCPAuthServer', 'login');
  await world.change('MCPAuthServer', 'login', { spec: { autoscaling: { minReplicas: 2, maxReplicas: 6 } } });
  await world.until(async () => expect(await world.get('HorizontalPodAutoscaler', 'login')).toBeDefined());
  await world.untilQuiet();
  expect(specOf(await world.get('Deployment', 'login'))['replicas']).toBe(2);
  await world.ask('PATCH', '/apis/apps/v1/namespaces/tools/deployments/login/scale', {
    ...{ body: { spec: { replicas: 5 } }, type: 'merge-patch+json' as const },
  });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ readyReplicas: 5, phase: 'Ready' }),
  );
  await world.touch('MCPAuthServer', 'login');
  await world.untilQuiet();
  expect(specOf(await world.get('Deployment', 'login'))['replicas']).toBe(5);
  // Without it the object says it again.
  await world.change('MCPAuthServer', 'login', { spec: { autoscaling: null, replicas: 3 } });
  await world.until(async () => expect(specOf(await world.get('Deployment', 'login'))['replicas']).toBe(3));
  expect(await world.get('HorizontalPodAutoscaler', 'login')).toBeUndefined();
});

test('an object that cannot be done holds up no other (invariant 25)', LONG, async () => {
  const world = await openOperatorWorld();
  const over = world.api.faults.inject(
    ({ user, verb, resource, name }) =>
      user === USER && verb === 'patch' && resource === 'deployments' && name === 'stuck',
    { kind: 'reset-before' },
    1_000_000,
  );
  await world.start({ workers: 1 });
  for (const object of [authServer(), authConfig(), mcpServer({}, { name: 'stuck' }), mcpServer()])
    await world.create(object);
  await world.untilReady('MCPServer', 'weather');
  over();
  const late = await world.untilReady('MCPServer', 'stuck');
  expect(statusOf(late)['phase']).toBe('Ready');
});

test('what is deleted while it is made leaves nothing behind', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  for (const object of [authServer(), authConfig()]) await world.create(object);
  const writes = world.api.requests.length;
  for (const [round, kind] of ['configmaps', 'secrets', 'deployments', 'services', 'networkpolicies'].entries()) {
    const name = `short-${round}`;
    const held = Promise.withResolvers<void>();
    world.api.faults.inject(
      ({ user, verb, resource, name: of }) =>
        user === USER && ['create', 'patch'].includes(verb) && resource === kind && of.startsWith(name),
      { kind: 'hold', until: held.promise },
    );
    await world.create(mcpServer({}, { name }));
    await world.until(() =>
      expect(
        world
          .asked()
          .slice(writes)
          .some(({ resource }) => resource === kind),
      ).toBe(true),
    );
    await world.remove('MCPServer', name);
    held.resolve();
  }
  await world.until(async () => {
    for (const kind of ['Deployment', 'Service', 'ConfigMap', 'Secret', 'NetworkPolicy', 'ServiceAccount']) {
      const left = (await world.list(kind, 'tools')).map(({ metadata }) => (metadata as { name: string }).name);
      expect([kind, left.filter((name) => name.startsWith('short-'))]).toEqual([kind, []]);
    }
  });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ owners: 0 }),
  );
});

function postgresSpec(more: JsonObject = {}): JsonObject {
  const secret = (name: string) => ({ name, key: 'password' });
  return {
    storage: {
      ...{ type: 'postgres', host: 'db.data', database: 'chatelaine', user: 'serving' },
      ...{ passwordSecretRef: secret('database'), counters: { host: 'valkey.data' } },
    },
    ...more,
  };
}

test('what a cluster does not have is said as such, and all else is made', { timeout: 60_000 }, async () => {
  const world = await openOperatorWorld();
  await world.start();
  await world.create(authServer({ expose: { httpRoute: { parentRefs: [{ name: 'public' }] } } }));
  const login = await world.untilReady('MCPAuthServer', 'login', 'ApiMissing');
  expect(JSON.stringify(login['status'])).toContain('this cluster has no `HTTPRoute`');
  expect(await world.get('Deployment', 'login')).toBeDefined();
});
