import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { JsonObject } from '#kernel';
import { SomeCluster } from './cluster.ts';

const cluster = new SomeCluster(process.env['KUBECONFIG'] as string);
beforeAll(async () => await cluster.open());
afterAll(async () => await cluster.close());

const of = (kind: string, name: string, apiVersion = 'chatelaine.dev/v1alpha1'): JsonObject => ({
  ...{ apiVersion, kind, metadata: { name, namespace: cluster.namespace } },
});

const OBJECTS = (): readonly JsonObject[] => [
  {
    ...of('MCPAuthServer', 'login'),
    spec: {
      issuer: 'https://login.example.com',
      upstreams: [
        {
          ...{ name: 'company', type: 'oidc', issuer: 'https://sso.example.com', clientId: 'chatelaine' },
          clientSecretRef: { name: 'sso', key: 'client-secret' },
        },
      ],
      tls: { clientAuth: { trustDomain: 'example.com' } },
      storage: { type: 'sqlite' },
      expose: { ingress: {} },
    },
  },
  {
    ...of('MCPExternalAuthConfig', 'as-the-caller'),
    spec: { type: 'authServer', authServerRef: { name: 'login' }, upstream: 'company' },
  },
  {
    ...of('MCPServer', 'weather'),
    spec: {
      ...{ image: 'example.com/mcp/weather:1', resourceUrl: 'https://weather.example.com/mcp' },
      externalAuthConfigRef: { name: 'as-the-caller' },
    },
  },
];

const CHILDREN: readonly (readonly [string, string, string])[] = [
  ['Deployment', 'login', 'apps/v1'],
  ['Deployment', 'weather', 'apps/v1'],
  ['Deployment', 'weather-server', 'apps/v1'],
  ['Service', 'login', 'v1'],
  ['Service', 'login-internal', 'v1'],
  ['ConfigMap', 'login-owners', 'v1'],
  ['Secret', 'login-ca', 'v1'],
  ['Secret', 'weather-client-cert', 'v1'],
  ['NetworkPolicy', 'login', 'networking.k8s.io/v1'],
  ['Ingress', 'login', 'networking.k8s.io/v1'],
];

const versionOf = (object: JsonObject | undefined): unknown =>
  (object?.['metadata'] as JsonObject | undefined)?.['resourceVersion'];

test('the operator makes what objects stand for with the rights of the chart, and nothing again when it comes again', async () => {
  const first = await cluster.start();
  onTestFinished(async () => await first.stop().catch(() => undefined));
  for (const object of OBJECTS()) await cluster.create(object);
  await vi.waitFor(
    async () => {
      for (const [kind, name, version] of CHILDREN)
        expect([kind, name, await cluster.find(of(kind, name, version))]).not.toContain(undefined);
      const map = (await cluster.find(of('ConfigMap', 'login-owners', 'v1')))?.['data'] as JsonObject;
      expect(map['owners.yaml']).toContain('spiffe://example.com/ns/');
      const status = (await cluster.find(of('MCPServer', 'weather')))?.['status'] as JsonObject | undefined;
      expect(status?.['spiffeId']).toBe(`spiffe://example.com/ns/${cluster.namespace}/mcpserver/weather`);
    },
    { timeout: 90_000, interval: 250 },
  );
  await first.stop();

  const seen = async (): Promise<unknown[]> =>
    await Promise.all(
      CHILDREN.map(async ([kind, name, version]) => [
        kind,
        name,
        versionOf(await cluster.find(of(kind, name, version))),
      ]),
    );
  const before = await seen();
  const second = await cluster.start();
  onTestFinished(async () => await second.stop().catch(() => undefined));
  await vi.waitFor(() => expect([second.isReady, second.isLeader]).toEqual([true, true]), {
    timeout: 60_000,
    interval: 100,
  });
  // Something that has to be done shows that it works, and that nothing else was done meanwhile.
  await cluster.remove(of('Service', 'login-internal', 'v1'));
  await vi.waitFor(async () => expect(await cluster.find(of('Service', 'login-internal', 'v1'))).toBeDefined(), {
    timeout: 60_000,
    interval: 250,
  });
  const others = (all: readonly unknown[]): readonly unknown[] =>
    all.filter((one) => (one as string[])[1] !== 'login-internal');
  expect(others(await seen())).toEqual(others(before));

  // While it runs: it takes its finalizers off.
  for (const object of OBJECTS().toReversed()) await cluster.remove(object);
  await vi.waitFor(
    async () => {
      for (const object of OBJECTS()) expect(await cluster.find(object)).toBeUndefined();
    },
    { timeout: 60_000, interval: 250 },
  );
});
