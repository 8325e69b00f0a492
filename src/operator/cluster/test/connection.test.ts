/** What is asked of the API server, what it refuses, and what becomes of a connection that breaks. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { testAuthority } from '../../../../test/certificates.ts';
import { expired, forbidden, internal } from '../../../../test/kubernetes/api-server/index.ts';
import { temporaryDirectory } from '../../../../test/temporary-directory.ts';
import { ApiConnection, directAccess, kubeConfigAccess } from '../connection/index.ts';
import { CONFIG_MAPS, SECRETS } from '../resources.ts';
import { configMap, somebody, startCluster } from './cluster.fixture.ts';

const configMaps = { group: '', plural: 'configmaps', kind: 'ConfigMap' };
const named = { namespace: 'default', name: 'one' };

describe('verbs of the Kubernetes API', () => {
  it('creates, reads, lists, applies, merges and deletes an object', async () => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    const created = await connection.create(CONFIG_MAPS, configMap('one', { a: '1' }), somebody);
    expect(created.metadata.uid).toBeTypeOf('string');
    const applied = await connection.apply(CONFIG_MAPS, configMap('one', { b: '2' }), { ...somebody, force: true });
    expect(applied['data']).toStrictEqual({ a: '1', b: '2' });
    await connection.merge(CONFIG_MAPS, named, { data: { a: null } }, somebody);
    const read = await connection.get(CONFIG_MAPS, named);
    expect(read).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { b: '2' } });
    const { items, resourceVersion, next } = await connection.list(CONFIG_MAPS, { namespace: 'default' });
    expect(items).toStrictEqual([read]);
    expect([Number(resourceVersion) > 0, next]).toStrictEqual([true, undefined]);
    await connection.delete(CONFIG_MAPS, named, { uid: read.metadata.uid });
    expect(await connection.find(CONFIG_MAPS, named)).toBeUndefined();
  });

  it('says what items of a list are, where the list alone does', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    await connection.create(CONFIG_MAPS, configMap('one'), somebody);
    const path = '/api/v1/namespaces/default/configmaps';
    const raw = (await (await fetch(api.url + path)).json()) as { items: Record<string, unknown>[] };
    expect(raw.items[0]).not.toHaveProperty('kind');
    const { items } = await connection.list(CONFIG_MAPS, { namespace: 'default' });
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it.each([
    ['another uid', { uid: '00000000-0000-0000-0000-000000000000' }],
    ['another version', { resourceVersion: '1' }],
  ])('refuses to delete an object of %s', async (_, precondition) => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    await connection.create(CONFIG_MAPS, configMap('one'), somebody);
    await expect(connection.delete(CONFIG_MAPS, named, precondition)).rejects.toMatchObject({
      code: 'CLUSTER_CONFLICT',
    });
    expect(await connection.find(CONFIG_MAPS, named)).toBeDefined();
  });

  it('merges over the version that was seen and no other', async () => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    const { metadata } = await connection.create(CONFIG_MAPS, configMap('one'), somebody);
    const patch = { metadata: { resourceVersion: metadata.resourceVersion }, data: { a: '1' } };
    await connection.merge(CONFIG_MAPS, named, patch, somebody);
    await expect(connection.merge(CONFIG_MAPS, named, patch, somebody)).rejects.toMatchObject({
      code: 'CLUSTER_CONFLICT',
    });
  });
});

describe('refusals', () => {
  it.each([
    ['CLUSTER_NOT_FOUND', 404, undefined],
    ['CLUSTER_FORBIDDEN', 403, forbidden(configMaps, 'one', 'not for you')],
    ['CLUSTER_FAILED', 502, internal('etcd is away')],
    ['CLUSTER_GONE', 410, expired('too old')],
  ])('%s is what the Status says, with its message', async (code, status, refusal) => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    if (refusal !== undefined) api.faults.inject(() => true, { kind: 'refuse', refusal });
    await expect(connection.get(CONFIG_MAPS, named)).rejects.toMatchObject({
      ...{ code, status },
      message: expect.stringContaining('`get` of configmaps `default/one` was answered') as string,
    });
  });

  it('an invalid object is named with its fields', async () => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    const wrong = { ...configMap('one'), metadata: { name: 'Not a Name', namespace: 'default' } };
    await expect(connection.create(CONFIG_MAPS, wrong, somebody)).rejects.toMatchObject({
      code: 'CLUSTER_INVALID',
      details: { fields: ['metadata.name'] },
    });
  });

  it('Retry-After of the answer is in the error', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    api.faults.inject(() => true, { kind: 'refuse', refusal: internal('busy'), retryAfterSeconds: 7 });
    await expect(connection.get(CONFIG_MAPS, named)).rejects.toMatchObject({ details: { retryAfterSeconds: 7 } });
  });

  it('of a Secret nothing is repeated that the API server says, which may hold its values', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    const refusal = forbidden({ group: '', plural: 'secrets', kind: 'Secret' }, 'one', 'data is c2VjcmV0');
    api.faults.inject(() => true, { kind: 'refuse', refusal });
    const refused = connection.get(SECRETS, named);
    await expect(refused).rejects.toThrow(/^`get` of secrets `default\/one` was answered 403: Forbidden$/);
  });

  it('an answer that is none of the Kubernetes API says so', async () => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    // A list is none: it has no name.
    const list = { namespace: 'default', name: '' };
    await expect(connection.get(CONFIG_MAPS, list)).rejects.toMatchObject({ code: 'CLUSTER_UNREADABLE' });
  });
});

describe('connections', () => {
  it('a reset is CLUSTER_UNREACHABLE, and a slow answer CLUSTER_TIMEOUT', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    api.faults.inject(() => true, { kind: 'reset-before' });
    await expect(connection.create(CONFIG_MAPS, configMap('one'), somebody)).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
    });
    const { promise: until, resolve } = Promise.withResolvers<void>();
    api.faults.inject(() => true, { kind: 'hold', until });
    const slow = connection.get(CONFIG_MAPS, named, { deadlineMs: 50 });
    await expect(slow).rejects.toMatchObject({ code: 'CLUSTER_TIMEOUT' });
    resolve();
  });

  it('whoever asks may leave, with the reason that they have', async () => {
    await using cluster = await startCluster();
    const { connection, api } = cluster;
    const { promise: until, resolve } = Promise.withResolvers<void>();
    api.faults.inject(() => true, { kind: 'hold', until });
    const stop = new AbortController();
    const slow = connection.get(CONFIG_MAPS, named, { signal: stop.signal });
    stop.abort(new Error('we leave'));
    await expect(slow).rejects.toThrow('we leave');
    resolve();
  });

  it('plain HTTP is for loopback: a token is not sent over another wire', () => {
    expect(() => directAccess({ url: 'http://10.0.0.1:8080' })).toThrow(/has to be reached over https/);
  });
});

describe('who we are', () => {
  /** An API server that answers with who came, over TLS. */
  async function mirror() {
    const authority = testAuthority('cluster');
    const { cert, key } = authority.issue(['localhost', '127.0.0.1']);
    const server = createServer({ cert, key }, (request, response) => {
      const annotations = { authorization: request.headers.authorization ?? '', path: request.url ?? '' };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', annotations } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      ca: authority.cert,
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  const askedAs = async (connection: ApiConnection) =>
    (await connection.get(CONFIG_MAPS, named)).metadata.annotations?.['authorization'];

  it('a token is shown, to whom the given authority vouches for', async () => {
    await using there = await mirror();
    const token = new Secret('of-mine');
    const connection = new ApiConnection(directAccess({ url: there.url, ca: there.ca, token }));
    expect(await askedAs(connection)).toBe('Bearer of-mine');
    connection.close();
    const doubting = new ApiConnection(directAccess({ url: there.url, token }));
    await expect(askedAs(doubting)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });

  it('a kubeconfig says it by context: authority, a token in it, or a plugin that is run for one', async () => {
    await using there = await mirror();
    const path = join(temporaryDirectory(), 'config');
    const plugin = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'of-plugin' },
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      ...{ command: process.execPath, args: ['-e', `console.log(${JSON.stringify(JSON.stringify(plugin))})`] },
    };
    const kubeconfig = {
      clusters: [
        {
          name: 'here',
          cluster: { server: there.url, 'certificate-authority-data': Buffer.from(there.ca).toString('base64') },
        },
      ],
      users: [
        { name: 'token', user: { token: 'of-file' } },
        { name: 'plugin', user: { exec } },
      ],
      contexts: [
        { name: 'by-token', context: { cluster: 'here', user: 'token', namespace: 'operators' } },
        { name: 'by-plugin', context: { cluster: 'here', user: 'plugin' } },
      ],
      'current-context': 'by-token',
    };
    await writeFile(path, JSON.stringify(kubeconfig));
    const byToken = new ApiConnection(await kubeConfigAccess(path));
    expect([await askedAs(byToken), byToken.namespace]).toStrictEqual(['Bearer of-file', 'operators']);
    const byPlugin = new ApiConnection(await kubeConfigAccess(path, 'by-plugin'));
    expect(await askedAs(byPlugin)).toBe('Bearer of-plugin');
    await expect(kubeConfigAccess(path, 'elsewhere')).rejects.toThrow(
      /no context `elsewhere`, only `by-token`, `by-plugin`/,
    );
    await expect(kubeConfigAccess(`${path}-none`)).rejects.toMatchObject({ code: 'CLUSTER_ACCESS_UNUSABLE' });
    byToken.close();
    byPlugin.close();
  });
});
