/** What is applied, what is left alone, and what is never touched: over server-side apply of an API server. */
import { describe, expect, it } from 'vitest';
import type { ApiServer } from '../../../../test/kubernetes/api-server/index.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { addFinalizer, Applier, ownerOf, removeFinalizer, writeStatus, type Owner } from '../apply/index.ts';
import type { ApiConnection } from '../connection/index.ts';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, resourceCatalogue, SERVICES } from '../resources.ts';
import { configMap, somebody, startCluster, write } from './cluster.fixture.ts';

const named = (name: string) => ({ namespace: 'default', name });
const ours = { fieldManager: 'chatelaine-operator' } as const;
const writes = (api: ApiServer) => api.requests.filter(({ method }) => method !== 'GET').length;

const deployment: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'server', namespace: 'default', annotations: { 'chatelaine.dev/config-hash': 'one' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'server' } },
    template: {
      metadata: { labels: { app: 'server' } },
      spec: {
        securityContext: { runAsNonRoot: true },
        containers: [
          {
            name: 'main',
            image: 'chatelaine:1',
            args: ['serve', '--config', '/etc/chatelaine'],
            ports: [{ name: 'https', containerPort: 8443 }],
            // The API server writes that as `1`.
            resources: { limits: { cpu: '1000m', memory: '256Mi' } },
            env: [{ name: 'A', value: '1' }],
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: {} }],
      },
    },
  },
};

const service: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'server', namespace: 'default' },
  spec: { selector: { app: 'server' }, ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
};

async function startApplying() {
  const cluster = await startCluster();
  const { connection } = cluster;
  const owner = ownerOf(await connection.create(CONFIG_MAPS, configMap('owner'), somebody));
  const newApplier = () => new Applier({ connection, resourceOf: resourceCatalogue() });
  return { ...cluster, owner, applier: newApplier(), newApplier, [Symbol.asyncDispose]: cluster[Symbol.asyncDispose] };
}

const relatives = (object: KubernetesObject) => object.metadata.ownerReferences?.map(({ uid }) => uid);

describe('applying', () => {
  it.each([
    ['Deployment', deployment, DEPLOYMENTS],
    ['Service', service, SERVICES],
    ['ConfigMap', configMap('settings', { a: '1', b: '2' }), CONFIG_MAPS],
  ])(
    'a %s is made once; an operator with nothing to do writes nothing, a new one neither',
    async (_, object, resource) => {
      await using world = await startApplying();
      const { applier, newApplier, owner, connection, api } = world;
      expect((await applier.apply(object, { owner })).outcome).toBe('created');
      const live = await connection.get(resource, object.metadata);
      expect(live.metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'chatelaine-operator' });
      expect(relatives(live)).toStrictEqual([owner.uid]);
      const before = writes(api);
      for (let times = 0; times < 3; times++)
        expect((await applier.apply(object, { owner })).outcome).toBe('unchanged');
      expect(writes(api)).toBe(before);
      const next = newApplier();
      await next.apply(object, { owner });
      const { metadata } = await connection.get(resource, object.metadata);
      expect(metadata.resourceVersion).toBe(live.metadata.resourceVersion);
      const settled = writes(api);
      await next.apply(object, { owner });
      expect(writes(api)).toBe(settled);
    },
  );

  it.each<[string, (connection: ApiConnection) => Promise<unknown>]>([
    ['a value', (connection) => connection.merge(DEPLOYMENTS, named('server'), { spec: { replicas: 0 } }, somebody)],
    [
      'a value, under our own name',
      (connection) => connection.merge(DEPLOYMENTS, named('server'), { spec: { replicas: 0 } }, ours),
    ],
    ['a container', (connection) => connection.apply(DEPLOYMENTS, withImage('evil:1'), { ...somebody, force: true })],
    [
      'a label that is taken off',
      (connection) =>
        connection.merge(
          DEPLOYMENTS,
          named('server'),
          { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
          somebody,
        ),
    ],
    [
      'the reference to its owner',
      (connection) => connection.merge(DEPLOYMENTS, named('server'), { metadata: { ownerReferences: null } }, somebody),
    ],
  ])('drift is corrected: %s', async (_, drift) => {
    await using world = await startApplying();
    const { applier, newApplier, owner, connection } = world;
    for (const applying of [applier, newApplier()]) {
      await applying.apply(deployment, { owner });
      await drift(connection);
      expect((await applying.apply(deployment, { owner })).outcome).toBe('configured');
      const live = await connection.get(DEPLOYMENTS, named('server'));
      expect(live['spec']).toMatchObject({
        replicas: 2,
        template: { spec: { containers: [{ image: 'chatelaine:1' }] } },
      });
      expect(live.metadata.labels).toHaveProperty(['app.kubernetes.io/managed-by'], 'chatelaine-operator');
      expect(relatives(live)).toStrictEqual([owner.uid]);
      expect((await applying.apply(deployment, { owner })).outcome).toBe('unchanged');
    }
  });

  it('what others add beside our fields stays, and is no drift', async () => {
    await using world = await startApplying();
    const { applier, owner, connection, api } = world;
    await applier.apply(deployment, { owner });
    await connection.merge(DEPLOYMENTS, named('server'), { metadata: { annotations: { theirs: '1' } } }, somebody);
    await connection.apply(DEPLOYMENTS, withImage('sidecar:1', 'sidecar'), { ...somebody, force: false });
    const before = writes(api);
    expect((await applier.apply(deployment, { owner })).outcome).toBe('unchanged');
    expect(writes(api)).toBe(before);
    const live = await connection.get(DEPLOYMENTS, named('server'));
    expect(live.metadata.annotations).toMatchObject({ theirs: '1' });
  });

  it('what is no longer desired is taken off, what is new is set', async () => {
    await using world = await startApplying();
    const { applier, owner, connection } = world;
    await applier.apply(configMap('settings', { a: '1', b: '2' }), { owner });
    const changed = await applier.apply(configMap('settings', { b: '3', c: '4' }), { owner });
    expect([changed.outcome, changed.object['data']]).toStrictEqual(['configured', { b: '3', c: '4' }]);
    expect((await connection.get(CONFIG_MAPS, named('settings')))['data']).toStrictEqual({ b: '3', c: '4' });
  });

  it('a cache that has not seen the last apply leads to no other', async () => {
    await using world = await startApplying();
    const { applier, owner, api } = world;
    const { object: first } = await applier.apply(configMap('settings', { a: '1' }), { owner });
    await applier.apply(configMap('settings', { a: '2' }), { owner });
    const before = writes(api);
    const stale = await applier.apply(configMap('settings', { a: '2' }), { owner, observed: () => first });
    expect([stale.outcome, writes(api)]).toStrictEqual(['unchanged', before]);
  });
});

function withImage(image: string, name = 'main'): KubernetesObject {
  const { apiVersion, kind } = deployment;
  const template = { spec: { containers: [{ name, image }] } };
  return { apiVersion, kind, metadata: named('server'), spec: { template } };
}

describe('what is not ours', () => {
  const taken = { code: 'CLUSTER_OBJECT_TAKEN' };

  it('an object that somebody made is refused, and stays as it is', async () => {
    await using world = await startApplying();
    const { applier, owner, connection } = world;
    const theirs = await write(connection, 'settings', { a: 'theirs' });
    await expect(applier.apply(configMap('settings', { a: 'ours' }), { owner })).rejects.toMatchObject(taken);
    expect(await connection.get(CONFIG_MAPS, named('settings'))).toStrictEqual(theirs);
  });

  it('an object that we made for another owner is refused, and says whose it is', async () => {
    await using world = await startApplying();
    const { applier, owner, connection } = world;
    const other = ownerOf(await connection.create(CONFIG_MAPS, configMap('other'), somebody));
    await applier.apply(configMap('settings'), { owner: other });
    const refused = applier.apply(configMap('settings'), { owner });
    await expect(refused).rejects.toThrow(/`v1 ConfigMap default\/settings` is there and belongs to ConfigMap `other`/);
  });

  it('an object that somebody makes after we looked is not taken over', async () => {
    await using world = await startApplying();
    const { applier, owner, connection } = world;
    await write(connection, 'settings', { a: 'theirs' });
    const unseen = applier.apply(configMap('settings', { a: 'ours' }), { owner, observed: () => undefined });
    await expect(unseen).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' });
    expect((await connection.get(CONFIG_MAPS, named('settings')))['data']).toStrictEqual({ a: 'theirs' });
  });

  it('an object that took the name of ours after we looked is not taken over', async () => {
    await using world = await startApplying();
    const { applier, owner, connection } = world;
    const { object: before } = await applier.apply(configMap('settings', { a: '1' }), { owner });
    await connection.delete(CONFIG_MAPS, named('settings'));
    await write(connection, 'settings', { a: 'theirs' });
    const late = applier.apply(configMap('settings', { a: '2' }), { owner, observed: () => before });
    await expect(late).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' });
    expect((await connection.get(CONFIG_MAPS, named('settings')))['data']).toStrictEqual({ a: 'theirs' });
  });

  it('what is being deleted is waited for', async () => {
    await using world = await startApplying();
    const { applier, owner, connection } = world;
    const { object } = await applier.apply(configMap('settings'), { owner });
    await addFinalizer(connection, CONFIG_MAPS, object, 'example.com/holds');
    await connection.delete(CONFIG_MAPS, named('settings'));
    const refused = applier.apply(configMap('settings', { a: '1' }), { owner });
    await expect(refused).rejects.toThrow(/is being deleted/);
  });

  it('an owner in another namespace is a fault: the garbage collector would delete what it owns', async () => {
    await using world = await startApplying();
    const { applier, owner } = world;
    const elsewhere = applier.apply(configMap('settings', {}, 'kube-public'), { owner });
    await expect(elsewhere).rejects.toMatchObject({ code: 'CLUSTER_OWNER_ELSEWHERE' });
  });

  it('a kind that nobody said the path of is a fault that names the nearest', () => {
    const wrong = { apiVersion: 'v1', kind: 'ConfigMaps' };
    expect(() => resourceCatalogue()(wrong)).toThrow(/the nearest known is `v1 ConfigMap`/);
  });
});

describe('pruning', () => {
  async function withChildren(world: Awaited<ReturnType<typeof startApplying>>) {
    const { applier, owner, connection } = world;
    for (const name of ['kept', 'surplus']) await applier.apply(configMap(name), { owner });
    const list = async () => (await connection.list(CONFIG_MAPS, { namespace: 'default' })).items;
    const prune = async (candidates: readonly KubernetesObject[], whose: Owner = owner) =>
      (await applier.prune(candidates, { owner: whose, desired: [configMap('kept')] })).map(
        ({ metadata }) => metadata.name,
      );
    return { list, prune };
  }

  it('deletes what the owner has and does not want, and nothing else', async () => {
    await using world = await startApplying();
    const { list, prune } = await withChildren(world);
    const { connection, owner, applier } = world;
    const other = ownerOf(await connection.create(CONFIG_MAPS, configMap('other'), somebody));
    await applier.apply(configMap('of-other'), { owner: other });
    // Refers to the owner, but not made by us.
    const { namespace: _, ...reference } = owner;
    const friend = configMap('friend');
    await connection.create(
      CONFIG_MAPS,
      { ...friend, metadata: { ...friend.metadata, ownerReferences: [{ ...reference, controller: false }] } },
      somebody,
    );
    expect(await prune(await list())).toStrictEqual(['surplus']);
    const left = (await list()).map(({ metadata }) => metadata.name);
    expect(left).toStrictEqual(['friend', 'kept', 'of-other', 'other', 'owner']);
    expect(await prune(await list())).toStrictEqual([]);
  });

  it('does not delete what has changed since it was seen', async () => {
    await using world = await startApplying();
    const { list, prune } = await withChildren(world);
    const seen = await list();
    await write(world.connection, 'surplus', { is: 'new' });
    await expect(prune(seen)).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' });
    expect(await prune(await list())).toStrictEqual(['surplus']);
    // Gone already: nothing to do.
    expect(await prune(seen)).toStrictEqual([]);
  });
});

describe('finalizers and status', () => {
  it('a finalizer is added and taken off once, over the version that was seen', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    const made = await connection.create(CONFIG_MAPS, configMap('one'), somebody);
    const held = await addFinalizer(connection, CONFIG_MAPS, made, 'chatelaine.dev/in-use');
    expect(held.metadata.finalizers).toStrictEqual(['chatelaine.dev/in-use']);
    const before = writes(api);
    expect(await addFinalizer(connection, CONFIG_MAPS, held, 'chatelaine.dev/in-use')).toBe(held);
    expect(writes(api)).toBe(before);
    const other = addFinalizer(connection, CONFIG_MAPS, made, 'example.com/other');
    await expect(other).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' });
    await connection.delete(CONFIG_MAPS, named('one'));
    const dying = await connection.get(CONFIG_MAPS, named('one'));
    await removeFinalizer(connection, CONFIG_MAPS, dying, 'chatelaine.dev/in-use');
    expect(await connection.find(CONFIG_MAPS, named('one'))).toBeUndefined();
    const gone = await removeFinalizer(connection, CONFIG_MAPS, dying, 'chatelaine.dev/in-use');
    expect(gone.metadata.finalizers).toStrictEqual([]);
  });

  it('a status is written as a whole, over the version that was seen, and not where it is so already', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    const live = await connection.create(DEPLOYMENTS, deployment, somebody);
    const first = await writeStatus(connection, DEPLOYMENTS, live, { replicas: 2, readyReplicas: 1 });
    expect(first['status']).toMatchObject({ replicas: 2, readyReplicas: 1 });
    const before = writes(api);
    expect(await writeStatus(connection, DEPLOYMENTS, first, { readyReplicas: 1, replicas: 2 })).toBe(first);
    expect(writes(api)).toBe(before);
    const second = await writeStatus(connection, DEPLOYMENTS, first, { replicas: 3, readyReplicas: undefined });
    expect(second['status']).toStrictEqual({ replicas: 3 });
    const late = writeStatus(connection, DEPLOYMENTS, first, { replicas: 4 });
    await expect(late).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' });
  });

  it('what has no namespace is read like everything else', async () => {
    await using cluster = await startCluster();
    const found = await cluster.connection.get(NAMESPACES, { name: 'default' });
    expect(found.metadata).toMatchObject({ name: 'default' });
  });
});
