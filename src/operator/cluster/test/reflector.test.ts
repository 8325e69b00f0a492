/** What a reflector holds after everything that can happen to its lists and watches. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '#kernel';
import { type ApiServer, internal } from '../../../../test/kubernetes/api-server/index.ts';
import { ObjectStore } from '../cache/index.ts';
import { ApiConnection, directAccess } from '../connection/index.ts';
import { CONFIG_MAPS } from '../resources.ts';
import { configMap, follow, somebody, startCluster, write } from './cluster.fixture.ts';

const path = '/api/v1/namespaces/default/configmaps';
const isList = (request: { readonly method: string; readonly path: string; readonly watch: boolean }): boolean =>
  request.method === 'GET' && !request.watch && request.path.split('?')[0] === path;
const isWatch = ({ watch }: { readonly watch: boolean }): boolean => watch;
const patience = { timeout: 20_000 };

async function watched(api: ApiServer): Promise<void> {
  await expect.poll(() => api.watches(path).length, patience).toBe(1);
}

describe('a reflector', () => {
  it('lists in pages, and then sees what is added, changed and deleted', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    for (const name of ['a', 'b', 'c', 'd', 'e']) await write(connection, name, {});
    await using following = follow(connection, { pageSize: 2 });
    await following.reflector.synced;
    expect(following.seen()).toStrictEqual(['added a', 'added b', 'added c', 'added d', 'added e']);
    expect(api.requests.filter(isList).length).toBe(3);
    await watched(api);
    await write(connection, 'f', {});
    await write(connection, 'a', { is: 'new' });
    await connection.delete(CONFIG_MAPS, { namespace: 'default', name: 'b' });
    await expect.poll(() => following.seen().slice(5), patience).toStrictEqual(['added f', 'updated a', 'deleted b']);
    expect(following.store.get('default/a')?.['data']).toStrictEqual({ is: 'new' });
    expect(following.reflector.isSynced).toBe(true);
  });

  it('sees an update that is made while the API server, which dropped all connections abruptly, comes back', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    await write(connection, 'a', { at: 'first' });
    await using door = await openDoor(api);
    const through = new ApiConnection(directAccess({ url: door.url }));
    await using following = follow(through);
    await following.reflector.synced;
    await watched(api);
    door.shut();
    await write(connection, 'a', { at: 'meanwhile' });
    await write(connection, 'b', {});
    await expect.poll(() => door.refused, patience).toBeGreaterThan(1);
    door.open();
    await expect.poll(() => following.store.get('default/a')?.['data'], patience).toStrictEqual({ at: 'meanwhile' });
    expect(following.seen()).toStrictEqual(['added a', 'updated a', 'added b']);
    // It watched on from where it was: nothing was listed again.
    expect(api.requests.filter(isList).length).toBe(1);
    through.close();
  });

  it.each([
    ['a clean close', { kind: 'cut-watch', frames: 1, abrupt: false }],
    ['an abrupt cut', { kind: 'cut-watch', frames: 1, abrupt: true }],
    ['a cut before the first frame', { kind: 'cut-watch', frames: 0, abrupt: true }],
    ['a refused watch', { kind: 'refuse', refusal: internal('no') }],
    ['a reset', { kind: 'reset-before' }],
  ] as const)('goes on after %s without listing again', async (_, fault) => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    api.faults.inject(isWatch, fault, 3);
    await using following = follow(connection);
    await following.reflector.synced;
    for (const name of ['a', 'b', 'c', 'd', 'e']) await write(connection, name, {});
    await expect.poll(() => following.seen().length, patience).toBe(5);
    expect(following.seen()).toStrictEqual(['added a', 'added b', 'added c', 'added d', 'added e']);
    expect(api.requests.filter(isList).length).toBe(1);
  });

  it('lists again after 410 in a watch, and tells of what was deleted meanwhile', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    await write(connection, 'a', {});
    await write(connection, 'b', {});
    await using door = await openDoor(api);
    const through = new ApiConnection(directAccess({ url: door.url }));
    await using following = follow(through);
    await following.reflector.synced;
    await watched(api);
    door.shut();
    await connection.delete(CONFIG_MAPS, { namespace: 'default', name: 'a' });
    await write(connection, 'c', {});
    api.compact();
    door.open();
    await expect.poll(() => following.seen(), patience).toStrictEqual(['added a', 'added b', 'deleted a', 'added c']);
    expect(api.requests.filter(isList).length).toBe(2);
    through.close();
  });

  it('lists again after an ERROR event in an open watch', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    await using following = follow(connection);
    await following.reflector.synced;
    await watched(api);
    api.compact({ watches: true });
    await write(connection, 'a', {});
    await expect.poll(() => following.seen(), patience).toStrictEqual(['added a']);
    expect(api.requests.filter(isList).length).toBe(2);
  });

  it('a list whose later pages are gone (410) is asked for as a whole', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    for (const name of ['a', 'b', 'c']) await write(connection, name, {});
    const until = Promise.withResolvers<void>();
    const isNextPage = { kind: 'hold', until: until.promise } as const;
    api.faults.inject((request) => isList(request) && request.path.includes('continue='), isNextPage);
    await using following = follow(connection, { pageSize: 2 });
    await expect.poll(() => api.requests.filter(isList).length, patience).toBe(2);
    await write(connection, 'd', {});
    api.compact();
    until.resolve();
    await following.reflector.synced;
    expect(following.store.list().map(({ metadata }) => metadata.name)).toStrictEqual(['a', 'b', 'c', 'd']);
    expect(api.requests.findLast(isList)?.path).not.toContain('limit');
  });

  it('is synced only once a list was answered, however often it fails', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    await write(connection, 'a', {});
    api.faults.inject(isList, { kind: 'refuse', refusal: internal('no') }, 3);
    await using following = follow(connection);
    expect(following.reflector.isSynced).toBe(false);
    await following.reflector.synced;
    expect(following.seen()).toStrictEqual(['added a']);
    expect(api.requests.filter(isList).length).toBe(4);
  });

  it('goes on when a handler or an index throws, and tells of it', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    const failed = vi.fn<(error: unknown) => void>();
    const fails = (): never => {
      throw new Error('a fault of ours');
    };
    const store = new ObjectStore({ failed, indexes: { wrong: fails } });
    store.subscribe(fails);
    await using following = follow(connection, { store });
    await following.reflector.synced;
    await watched(api);
    await write(connection, 'a', {});
    await write(connection, 'b', {});
    await expect.poll(() => following.seen(), patience).toStrictEqual(['added a', 'added b']);
    expect(failed).toHaveBeenCalledTimes(4);
  });

  it('ends by its signal alone, and rejects what waits for its first list then', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    api.faults.inject(isList, { kind: 'refuse', refusal: internal('no') }, Infinity);
    const following = follow(connection);
    await expect.poll(() => api.requests.filter(isList).length, patience).toBeGreaterThan(2);
    await following[Symbol.asyncDispose]();
    await expect(following.reflector.synced).rejects.toThrow(/abort/);
  });

  it('its staleness is the time since the API server gave a sign', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    let now = 0;
    await using following = follow(connection, { clock: { now: () => now }, log: silentLogger });
    await following.reflector.synced;
    await watched(api);
    now = 90_000;
    expect(following.reflector.stalenessMs()).toBe(90_000);
    await connection.create(CONFIG_MAPS, configMap('a', {}, 'kube-public'), somebody);
    for (const watch of api.watches(path)) watch.bookmark();
    await expect.poll(() => following.reflector.stalenessMs(), patience).toBe(0);
  });

  it('watches on from a bookmark, so that what others changed does not make it too old', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    await using following = follow(connection);
    await following.reflector.synced;
    await watched(api);
    await connection.create(CONFIG_MAPS, configMap('a', {}, 'kube-public'), somebody);
    for (const watch of api.watches(path)) watch.bookmark();
    api.compact();
    await vi.waitFor(() => expect(api.watches(path).length).toBe(1), patience);
    for (const watch of api.watches(path)) watch.end();
    await expect.poll(() => api.requests.filter(isWatch).length, patience).toBe(2);
    await write(connection, 'b', {});
    await expect.poll(() => following.seen(), patience).toStrictEqual(['added b']);
    expect(api.requests.filter(isList).length).toBe(1);
  });
});

/** A way to the API server that can be shut: abruptly, as by the loss of a machine. */
async function openDoor(api: ApiServer) {
  const sockets = new Set<Socket>();
  let isOpen = true;
  let refused = 0;
  const server = createServer((client) => {
    client.on('error', () => undefined);
    if (!isOpen) {
      refused++;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(new URL(api.url).port), '127.0.0.1');
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
    sockets.add(client);
    client.once('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refused() {
      return refused;
    },
    shut() {
      isOpen = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    open() {
      isOpen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
