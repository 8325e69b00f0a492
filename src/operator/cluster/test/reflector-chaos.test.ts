/** Whatever is done to objects and to requests in whatever order: in the end a store has what the API server has. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Fault, internal } from '../../../../test/kubernetes/api-server/index.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { ApiConnection, directAccess } from '../connection/index.ts';
import { CONFIG_MAPS } from '../resources.ts';
import { follow, startCluster, write, type TestCluster } from './cluster.fixture.ts';

const path = '/api/v1/namespaces/default/configmaps';
const patience = { timeout: 20_000 };

const fault = fc.constantFrom<Fault>(
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'refuse', refusal: internal('no') },
  { kind: 'cut-watch', frames: 1, abrupt: true },
  { kind: 'cut-watch', frames: 0, abrupt: false },
  { kind: 'expire-watch', frames: 1 },
);

const step = fc.oneof(
  fc.record({ act: fc.constant('write' as const), name: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.nat(9) }),
  fc.record({ act: fc.constant('delete' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({ act: fc.constant('fault' as const), fault, times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ act: fc.constantFrom('cut' as const, 'end' as const, 'compact' as const, 'expire' as const) }),
  fc.record({ act: fc.constant('wait' as const) }),
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

async function take({ api, connection }: TestCluster, done: Step): Promise<void> {
  const watches = api.watches(path);
  switch (done.act) {
    case 'write':
      await write(connection, done.name, { value: String(done.value) });
      return;
    case 'delete':
      if (api.store.get('/configmaps', 'default', done.name) !== undefined)
        await connection.delete(CONFIG_MAPS, { namespace: 'default', name: done.name });
      return;
    case 'fault':
      // Reads alone: what is written here has to be.
      api.faults.inject(({ method }) => method === 'GET', done.fault, done.times);
      return;
    case 'cut':
      for (const watch of watches) watch.cut();
      return;
    case 'end':
      for (const watch of watches) watch.end();
      return;
    case 'compact':
      api.compact();
      return;
    case 'expire':
      api.compact({ watches: true });
      return;
    case 'wait':
      await new Promise((resolve) => setImmediate(resolve));
  }
}

it('a store comes to what the API server has, and whoever follows its changes too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using cluster = await startCluster();
      const reading = new ApiConnection(directAccess({ url: cluster.api.url }));
      await using following = follow(reading, { pageSize: 2 });
      for (const one of steps) await take(cluster, one);
      const there = () =>
        Object.fromEntries(
          cluster.api.store
            .list('/configmaps', 'default')
            .map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
        );
      const held = (objects: readonly KubernetesObject[]) =>
        Object.fromEntries(objects.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
      await expect.poll(() => held(following.store.list()), patience).toStrictEqual(there());
      const told = new Map<string, KubernetesObject>();
      for (const { type, object } of following.changes)
        if (type === 'deleted') told.delete(object.metadata.name);
        else told.set(object.metadata.name, object);
      expect(held([...told.values()])).toStrictEqual(there());
      reading.close();
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 300_000);
