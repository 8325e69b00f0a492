/** Leaders that end wherever they are, two at once, and views that are old (OPR-007). */
import { expect, test } from 'vitest';
import type { JsonObject } from '#kernel';
import type { OperatorOptions } from '../controllers/index.ts';
import { OPERATOR } from '../rights/index.ts';
import { directAccess } from '../cluster/index.ts';
import { Secret } from '#kernel';
import {
  authConfig,
  authServer,
  CHILD_KINDS,
  HOME_NAMESPACE,
  mcpServer,
  openOperatorWorld,
  statusOf,
  USER,
  type OperatorWorld,
} from './running-operator.fixture.ts';

const LONG = { timeout: 90_000 };

interface Meta extends JsonObject {
  readonly name: string;
  readonly uid: string;
}

const metaOf = (object: JsonObject): Meta => object['metadata'] as Meta;

/** Every child in the namespace by its kind and name. */
async function childrenIn(world: OperatorWorld, namespace = 'tools'): Promise<ReadonlyMap<string, JsonObject>> {
  const all = await Promise.all(
    CHILD_KINDS.map(async (kind) =>
      (await world.list(kind, namespace)).map((one) => [`${kind}/${metaOf(one).name}`, one] as const),
    ),
  );
  return new Map(all.flat());
}

/** Private keys in Secrets: by none of it a key is made twice. */
const keysIn = (children: ReadonlyMap<string, JsonObject>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...children]
      .filter(([name]) => name.startsWith('Secret/'))
      .map(([name, one]) => [name, JSON.stringify(one['data'])]),
  );

async function everything(world: OperatorWorld): Promise<void> {
  const storage = {
    ...{ type: 'postgres', host: 'db.data', database: 'chatelaine', user: 'serving' },
    passwordSecretRef: { name: 'database', key: 'password' },
  };
  for (const object of [authServer({ storage }), authConfig(), mcpServer()]) await world.create(object);
}

async function bothReady(world: OperatorWorld): Promise<void> {
  await world.untilReady('MCPAuthServer', 'login');
  await world.untilReady('MCPServer', 'weather');
}

/** A process that can be killed: from then on none of its requests arrives, and it gives back nothing. */
function mortal(world: OperatorWorld): { readonly more: Partial<OperatorOptions>; kill(): void } {
  const token = world.api.tokens.issue(HOME_NAMESPACE, OPERATOR);
  const direct = directAccess({ url: world.api.url, token: new Secret(token) });
  let isDead = false;
  const access = {
    ...direct,
    server: direct.server,
    credentials: async () => {
      if (isDead) throw new Error('the process is gone');
      return direct.credentials();
    },
  };
  return { more: { access }, kill: () => void (isDead = true) };
}

const WRITES = ['create', 'update', 'patch', 'delete'];

test(
  'a leader that is killed at any of its writes leaves what the next one completes: one set of objects, no key made again (OPR-007)',
  LONG,
  async () => {
    // What a whole run writes, in its order, to know how many places there are.
    const first = await openOperatorWorld();
    await first.start();
    await everything(first);
    await bothReady(first);
    await first.untilQuiet();
    const reference = [...(await childrenIn(first)).keys()].toSorted();

    const world = await openOperatorWorld();
    await everything(world);
    const seen = new Map<string, string>();
    const isWrite = ({ user, verb, resource }: { user: string; verb: string; resource: string }) =>
      user === USER && WRITES.includes(verb) && resource !== 'leases' && resource !== 'events';
    let isQuiet = false;
    let round = 0;
    for (; !isQuiet && round < 60; round++) {
      const { more, kill } = mortal(world);
      const struck = Promise.withResolvers<'killed'>();
      // Its second write arrives, and it hears of it no more; nothing after that leaves it.
      let writes = 0;
      const callOff = world.api.faults.inject(
        (request) => {
          if (!isWrite(request) || ++writes < 2) return false;
          kill();
          struck.resolve('killed');
          return true;
        },
        { kind: 'reset-after' },
      );
      const operator = await world.start({
        ...more,
        election: { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 15 },
      });
      const leading = world.until(() => expect(operator.isLeader).toBe(true));
      const resting = leading.then(() => world.untilQuiet()).then(() => 'quiet' as const);
      // One that was killed may never come to rest.
      resting.catch(() => undefined);
      const end = await Promise.race([struck.promise, resting]);
      callOff();
      isQuiet = end === 'quiet';
      const now = keysIn(await childrenIn(world));
      for (const name of seen.keys()) expect([name, now[name] === undefined]).toEqual([name, false]);
      for (const [name, data] of Object.entries(now)) {
        const known = seen.get(name);
        if (known !== undefined) expect([name, data === known]).toEqual([name, true]);
        seen.set(name, data);
      }
      await operator.stop().catch(() => undefined);
      // Else the next one waits until it ends by itself.
      await world.remove('Lease', OPERATOR, HOME_NAMESPACE);
    }
    expect(round).toBeGreaterThan(8);
    await world.start();
    await bothReady(world);
    await world.untilQuiet();
    expect([...(await childrenIn(world)).keys()].toSorted()).toEqual(reference);
    expect(world.asked().filter(({ resource, verb }) => resource === 'secrets' && verb === 'delete')).toEqual([]);
  },
);

test('two operators that both think they lead make one set of objects and no key twice (OPR-007)', LONG, async () => {
  const world = await openOperatorWorld();
  // Each has a Lease of its own: nothing is between them.
  const second = 'chatelaine-second';
  for (const kind of ['Role', 'RoleBinding']) {
    const path = world.collectionOf({ kind, metadata: { namespace: HOME_NAMESPACE } });
    const { body } = await world.ask('GET', `${path}/${OPERATOR}`);
    const { metadata: _, ...rest } = body;
    await world.create({ ...rest, kind, metadata: { name: OPERATOR, namespace: 'other' } });
  }
  await Promise.all([world.start({ instance: 'one' }), world.start({ instance: second, home: 'other' })]);
  await everything(world);
  await bothReady(world);
  await world.untilQuiet();
  const before = await childrenIn(world);
  await world.change('MCPServer', 'weather', { spec: { replicas: 2, scopes: ['read'] } });
  await world.until(async () =>
    expect(statusOf(await world.get('MCPServer', 'weather'))).toMatchObject({ readyReplicas: 2 }),
  );
  await world.untilQuiet();
  const after = await childrenIn(world);
  expect([...after.keys()].filter((name) => !name.startsWith('PodDisruptionBudget/'))).toEqual([...before.keys()]);
  expect(keysIn(after)).toEqual(keysIn(before));
  const created = world
    .asked()
    .filter(({ resource, verb, code }) => resource === 'secrets' && verb === 'create' && code === 201);
  expect(created).toHaveLength(Object.keys(keysIn(after)).length);
});

test('over a partition nothing changes, and what happened meanwhile is caught up with (OPR-007)', LONG, async () => {
  const world = await openOperatorWorld();
  const election = { durationMs: 2500, renewDeadlineMs: 2000, retryMs: 100 };
  const { ended } = await world.start({ election });
  await everything(world);
  await bothReady(world);
  await world.untilQuiet();
  const before = await childrenIn(world);
  const over = world.api.faults.inject(({ user }) => user === USER, { kind: 'reset-before' }, 1_000_000);
  for (const watch of world.api.watches()) watch.cut();
  await world.change('MCPServer', 'weather', { spec: { replicas: 3 } });
  // Who cannot renew the Lease leads no more, and says so: the process ends, and another begins.
  expect(await ended).toBe('lost');
  expect(keysIn(await childrenIn(world))).toEqual(keysIn(before));
  over();
  await world.start({ election });
  await world.until(
    async () => expect(statusOf(await world.get('MCPServer', 'weather'))).toMatchObject({ readyReplicas: 3 }),
    40_000,
  );
  expect(keysIn(await childrenIn(world))).toEqual(keysIn(before));
});

test(
  'an object made again under its name is another one: an old view of the first changes nothing of it (OPR-007)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    await everything(world);
    await bothReady(world);
    await world.untilQuiet();
    const owner = async () => metaOf((await world.get('MCPServer', 'weather')) as JsonObject).uid;
    const first = await owner();
    // The operator does not hear of the deletion for as long as its watches are silent.
    for (const watch of world.api.watches()) watch.cut();
    const held = Promise.withResolvers<void>();
    const over = world.api.faults.inject(
      ({ user, watch, resource }) => user === USER && watch && resource === 'mcpservers',
      { kind: 'hold', until: held.promise },
      100,
    );
    await world.remove('MCPServer', 'weather');
    await world.create(mcpServer({ scopes: ['write'] }));
    await world.touch('MCPAuthServer', 'login');
    over();
    held.resolve();
    await world.until(async () => {
      const second = await owner();
      expect(second).not.toBe(first);
      for (const kind of ['Deployment', 'Secret', 'ConfigMap'])
        for (const one of await world.list(kind, 'tools'))
          if (metaOf(one).name.startsWith('weather'))
            expect([metaOf(one).name, JSON.stringify(metaOf(one)['ownerReferences']).includes(second)]).toEqual([
              metaOf(one).name,
              true,
            ]);
      expect(await world.get('Secret', 'weather-client-cert')).toBeDefined();
    }, 40_000);
    await world.untilReady('MCPServer', 'weather');
  },
);

test(
  'a second operator waits, takes over when the first stops, and a leader whose Lease is taken ends as `lost`',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    const first = await world.start({ instance: 'first' });
    await world.until(() => expect(first.isLeader).toBe(true));
    const second = await world.start({ instance: 'second' });
    await world.until(() => expect(second.isReady).toBe(true));
    expect(second.isLeader).toBe(false);
    await everything(world);
    await bothReady(world);
    await first.stop();
    expect(await first.ended).toBe('stopped');
    await world.until(() => expect(second.isLeader).toBe(true));
    await world.change('MCPServer', 'weather', { spec: { replicas: 2 } });
    await world.until(async () =>
      expect(statusOf(await world.get('MCPServer', 'weather'))).toMatchObject({ readyReplicas: 2 }),
    );
    await world.ask('PATCH', `/apis/coordination.k8s.io/v1/namespaces/${HOME_NAMESPACE}/leases/${OPERATOR}`, {
      ...{ body: { spec: { holderIdentity: 'somebody-else' } }, type: 'merge-patch+json' as const },
    });
    expect(await second.ended).toBe('lost');
    expect(second.isLeader).toBe(false);
  },
);
