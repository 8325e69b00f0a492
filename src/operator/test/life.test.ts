/** Objects from being made to being gone, at the whole operator. */
import { expect, test, vi } from 'vitest';
import type { JsonObject } from '#kernel';
import {
  authConfig,
  authServer,
  gateway,
  group,
  mcpServer,
  openOperatorWorld,
  statusOf,
} from './running-operator.fixture.ts';

const names = (objects: readonly JsonObject[]): string[] =>
  objects.map((object) => (object['metadata'] as { name: string }).name).toSorted();

test(
  'an MCPAuthServer, an MCPServer and what joins them become ready, whatever the order they are made in',
  { timeout: 60_000 },
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    await world.create(mcpServer());
    await world.create(authConfig());
    await world.untilReady('MCPServer', 'weather', 'RefNotFound');
    await world.create(authServer());
    const login = await world.untilReady('MCPAuthServer', 'login');
    const weather = await world.untilReady('MCPServer', 'weather');
    await world.untilReady('MCPExternalAuthConfig', 'as-the-caller');
    expect(statusOf(login)).toMatchObject({
      ...{ phase: 'Ready', url: 'https://login.example.com', owners: 1, upstreams: ['company'], readyReplicas: 1 },
      internalUrl: 'https://login-internal.tools.svc:7443',
    });
    expect(statusOf(weather)).toMatchObject({
      ...{ phase: 'Ready', spiffeId: 'spiffe://example.com/ns/tools/mcpserver/weather' },
      clientCertificate: { secretName: 'weather-client-cert' },
    });
    const owners = (await world.get('ConfigMap', 'login-owners'))?.['data'] as { 'owners.yaml': string };
    expect(owners['owners.yaml']).toContain('spiffe://example.com/ns/tools/mcpserver/weather');
    expect(names(await world.list('Deployment', 'tools'))).toEqual(['login', 'weather', 'weather-server']);
  },
);

test('an operator with nothing to do writes nothing', { timeout: 60_000 }, async () => {
  const world = await openOperatorWorld();
  await world.create(authServer());
  await world.create(authConfig());
  await world.create(mcpServer());
  const first = await world.start();
  await world.untilReady('MCPServer', 'weather');
  await world.untilReady('MCPAuthServer', 'login');
  await vi.waitFor(() => expect(quiet(world)).toBe(true), { timeout: 20_000, interval: 300 });
  await first.stop();
  const before = world.asked().length;
  await world.start();
  await vi.waitFor(
    () =>
      expect(
        world
          .asked()
          .slice(before)
          .some(({ resource }) => resource === 'secrets'),
      ).toBe(true),
    {
      timeout: 20_000,
    },
  );
  await vi.waitFor(() => expect(quiet(world)).toBe(true), { timeout: 20_000, interval: 300 });
  const written = world
    .asked()
    .slice(before)
    .filter(({ verb, resource }) => ['create', 'update', 'patch', 'delete'].includes(verb) && resource !== 'leases');
  expect(written.map(({ verb, resource, subresource, name }) => [verb, resource, subresource, name])).toEqual([]);
});

/** Whether nothing but the Lease was asked for since the last look. */
const looked = new WeakMap<object, number>();
function quiet(world: Awaited<ReturnType<typeof openOperatorWorld>>): boolean {
  const now = world.asked().filter(({ resource, watch }) => resource !== 'leases' && !watch).length;
  const before = looked.get(world);
  looked.set(world, now);
  return before === now;
}

test(
  'a gateway stands before the servers of its group, and is one owner with their upstreams',
  { timeout: 60_000 },
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    for (const object of [authServer(), authConfig(), group(), gateway()]) await world.create(object);
    for (const name of ['one', 'two']) await world.create(mcpServer({ groupRef: { name: 'everybody' } }, { name }));
    const front = await world.untilReady('MCPGateway', 'front');
    expect(statusOf(front)).toMatchObject({
      servers: ['one', 'two'],
      spiffeId: 'spiffe://example.com/ns/tools/gateway/front',
    });
    await vi.waitFor(
      async () => expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ owners: 3 }),
      {
        timeout: 20_000,
      },
    );
  },
);

test('what is used stays until nothing uses it, and children go with their owner', { timeout: 60_000 }, async () => {
  const world = await openOperatorWorld();
  await world.start();
  for (const object of [authServer(), authConfig(), mcpServer()]) await world.create(object);
  await world.untilReady('MCPServer', 'weather');
  await world.remove('MCPExternalAuthConfig', 'as-the-caller');
  const held = await world.untilReady('MCPExternalAuthConfig', 'as-the-caller', 'StillUsed');
  expect(statusOf(held)).toMatchObject({ phase: 'Terminating' });
  await world.remove('MCPServer', 'weather');
  await vi.waitFor(async () => expect(await world.get('MCPExternalAuthConfig', 'as-the-caller')).toBeUndefined(), {
    timeout: 20_000,
  });
  await vi.waitFor(
    async () => expect(statusOf(await world.get('MCPAuthServer', 'login'))).toMatchObject({ owners: 0 }),
    { timeout: 20_000 },
  );
  await world.remove('MCPAuthServer', 'login');
  await vi.waitFor(
    async () => {
      const kinds = [
        'Deployment',
        'Service',
        'Secret',
        'ConfigMap',
        'NetworkPolicy',
        'PersistentVolumeClaim',
        'ServiceAccount',
      ];
      for (const kind of kinds) expect([kind, names(await world.list(kind, 'tools'))]).toEqual([kind, []]);
    },
    { timeout: 20_000 },
  );
});
