/** The controllers that a test may run beside the API server for tests. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '#kernel';
import { testAuthority } from '../certificates.ts';
import { ask } from './api-client.ts';
import { type ApiServer, startApiServer } from './api-server/index.ts';
import {
  certManager,
  deploymentController,
  type Fate,
  garbageCollector,
  namespaceController,
  volumeBinder,
} from './controllers/index.ts';

/** Controllers work after the answer. */
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 30_000, interval: 20 });

const at = '/api/v1/namespaces/default';
const configMap = (name: string, ...owners: JsonObject[]): JsonObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ownerReferences: owners } },
});
const uidOf = (body: JsonObject): string => (body['metadata'] as { uid: string }).uid;
const owner = (name: string, uid: string): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid });

async function create(api: ApiServer, collection: string, body: JsonObject): Promise<JsonObject> {
  const answer = await ask(api, 'POST', collection, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function expectGone(api: ApiServer, path: string): Promise<void> {
  await eventually(async () => expect((await ask(api, 'GET', path)).status).toBe(404));
}

const template = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'one', image: 'example.com/one:1' }] },
};
const deployment = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'one' } },
  spec: { replicas: 2, selector: { matchLabels: { app: 'a' } }, template },
};

describe('the garbage collector', () => {
  it('deletes what belonged to something that is gone, and so on', async () => {
    await using api = await startApiServer({ controllers: [garbageCollector()] });
    const first = uidOf(await create(api, `${at}/configmaps`, configMap('first')));
    const second = uidOf(await create(api, `${at}/configmaps`, configMap('second', owner('first', first))));
    await create(api, `${at}/configmaps`, configMap('third', owner('second', second)));
    await ask(api, 'DELETE', `${at}/configmaps/first`);
    await expectGone(api, `${at}/configmaps/third`);
    const user = 'system:serviceaccount:kube-system:generic-garbage-collector';
    expect(api.requests.filter((one) => one.user === user)).toMatchObject([
      { verb: 'delete', group: '', resource: 'configmaps', namespace: 'default', name: 'second' },
      { verb: 'delete', group: '', resource: 'configmaps', namespace: 'default', name: 'third' },
    ]);
  });

  it('leaves what has another owner, and takes the reference to the one that is gone', async () => {
    await using api = await startApiServer({ controllers: [garbageCollector()] });
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (name) => owner(name, uidOf(await create(api, `${at}/configmaps`, configMap(name))))),
    );
    await create(api, `${at}/configmaps`, configMap('both', one ?? {}, two ?? {}));
    await ask(api, 'DELETE', `${at}/configmaps/one`);
    await eventually(async () => {
      const { body } = await ask(api, 'GET', `${at}/configmaps/both`);
      expect(body['metadata']).toMatchObject({ ownerReferences: [two] });
    });
  });

  it('deletes what names an owner of another namespace, as a cluster does', async () => {
    await using api = await startApiServer({ controllers: [garbageCollector()] });
    const there = uidOf(await create(api, '/api/v1/namespaces/kube-public/configmaps', configMap('there')));
    await create(api, `${at}/configmaps`, configMap('here', owner('there', there)));
    await expectGone(api, `${at}/configmaps/here`);
  });
});

describe('the namespace controller', () => {
  it('empties a namespace that is deleted, waits for finalizers, and lets it go', async () => {
    await using api = await startApiServer({ controllers: [namespaceController()] });
    await create(api, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
    const held = { name: 'held', finalizers: ['chatelaine.dev/hold'] };
    const path = '/api/v1/namespaces/team/configmaps';
    await create(api, path, configMap('free'));
    await create(api, path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: held });
    await ask(api, 'DELETE', '/api/v1/namespaces/team');
    await expectGone(api, `${path}/free`);
    expect((await ask(api, 'GET', '/api/v1/namespaces/team')).body['status']).toMatchObject({ phase: 'Terminating' });
    const body = { metadata: { finalizers: null } };
    await ask(api, 'PATCH', `${path}/held`, { body, type: 'merge-patch+json' });
    await expectGone(api, '/api/v1/namespaces/team');
  });
});

describe('the Deployment controller', () => {
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const status = async (api: ApiServer): Promise<unknown> => (await ask(api, 'GET', `${path}/one`)).body['status'];

  it('makes a Deployment ready, and again when it changes', async () => {
    await using api = await startApiServer({ controllers: [deploymentController()] });
    await create(api, path, deployment);
    await eventually(async () =>
      expect(await status(api)).toMatchObject({ observedGeneration: 1, replicas: 2, readyReplicas: 2 }),
    );
    await ask(api, 'PATCH', `${path}/one`, { body: { spec: { replicas: 3 } }, type: 'merge-patch+json' });
    await eventually(async () => expect(await status(api)).toMatchObject({ observedGeneration: 2, readyReplicas: 3 }));
  });

  it('leaves one as a test says: never ready, in a crash loop, and ready at last', async () => {
    let fate: Fate = 'never';
    await using api = await startApiServer({ controllers: [deploymentController(() => fate)] });
    await create(api, path, deployment);
    const says = (type: string, said: string, reason: string): unknown =>
      expect.objectContaining({
        conditions: expect.arrayContaining([expect.objectContaining({ type, status: said, reason })]),
      });
    await eventually(async () => {
      expect(await status(api)).toMatchObject({ observedGeneration: 1, unavailableReplicas: 2 });
      expect(await status(api)).toStrictEqual(says('Available', 'False', 'MinimumReplicasUnavailable'));
    });
    fate = 'crash-loops';
    api.controllers.again();
    await eventually(async () =>
      expect(await status(api)).toStrictEqual(says('Progressing', 'False', 'ProgressDeadlineExceeded')),
    );
    fate = 'ready';
    api.controllers.again();
    await eventually(async () => expect(await status(api)).not.toHaveProperty('unavailableReplicas'));
  });
});

describe('the volume binder', () => {
  it('binds a claim to a volume of the size that it asks for', async () => {
    await using api = await startApiServer({ controllers: [volumeBinder()] });
    const resources = { requests: { storage: '1Gi' } };
    const spec = { accessModes: ['ReadWriteOnce'], resources };
    await create(api, `${at}/persistentvolumeclaims`, {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'state' }, spec },
    });
    await eventually(async () => {
      const { body } = await ask(api, 'GET', `${at}/persistentvolumeclaims/state`);
      expect(body['status']).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } });
    });
  });
});

describe('cert-manager', () => {
  const path = '/apis/cert-manager.io/v1/namespaces/default/certificates';
  const certificate = (spec: JsonObject): JsonObject => ({
    ...{ apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'server' } },
    spec: { secretName: 'server-tls', issuerRef: { name: 'enterprise' }, ...spec },
  });
  const served = (api: ApiServer): Promise<void> =>
    eventually(async () => expect((await fetch(`${api.url}${path}`)).status).toBe(200));

  it('writes the Secret of a Certificate, signed by the authority of the test, and says that it is ready', async () => {
    const authority = testAuthority('enterprise');
    await using api = await startApiServer({ controllers: [certManager({ authority })] });
    await served(api);
    await create(api, path, certificate({ dnsNames: ['login.tools.svc'], duration: '1h' }));
    await eventually(async () => {
      const { body } = await ask(api, 'GET', `${path}/server`);
      expect(body['status']).toMatchObject({ conditions: [{ type: 'Ready', status: 'True' }], revision: 1 });
    });
    const { body } = await ask(api, 'GET', `${at}/secrets/server-tls`);
    expect(body['type']).toBe('kubernetes.io/tls');
    const pem = Buffer.from((body['data'] as Record<string, string>)['tls.crt'] ?? '', 'base64');
    const issued = new X509Certificate(pem);
    expect(issued.subjectAltName).toBe('DNS:login.tools.svc');
    expect(issued.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  });

  it('signs anew when the Certificate changes, and authorities as authorities', async () => {
    await using api = await startApiServer({ controllers: [certManager()] });
    await served(api);
    await create(api, path, certificate({ commonName: 'below', isCA: true }));
    const revision = async (): Promise<unknown> =>
      ((await ask(api, 'GET', `${path}/server`)).body['status'] as JsonObject | undefined)?.['revision'];
    await eventually(async () => expect(await revision()).toBe(1));
    await ask(api, 'PATCH', `${path}/server`, { body: { spec: { duration: '2h' } }, type: 'merge-patch+json' });
    await eventually(async () => expect(await revision()).toBe(2));
    const { body } = await ask(api, 'GET', `${at}/secrets/server-tls`);
    const pem = Buffer.from((body['data'] as Record<string, string>)['tls.crt'] ?? '', 'base64');
    expect(new X509Certificate(pem).ca).toBe(true);
  });

  it('says why, where a test has the issuer refuse', async () => {
    const refuses = (): string => 'the issuer is not there';
    await using api = await startApiServer({ controllers: [certManager({ refuses })] });
    await served(api);
    await create(api, path, certificate({ dnsNames: ['login'] }));
    await eventually(async () => {
      const { body } = await ask(api, 'GET', `${path}/server`);
      expect(body['status']).toMatchObject({ conditions: [{ status: 'False', message: 'the issuer is not there' }] });
    });
  });
});
