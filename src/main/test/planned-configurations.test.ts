/** What plans write is read by the loader that the pods have. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { V1ConfigMap, V1Deployment } from '@kubernetes/client-node';
import { formatProblem, loadConfiguration, sourceTypes } from '#toolbox';
import type { KubernetesObject } from '#operator';
import type { MCPServerSpec } from '#contract/kubernetes';
import { PodOnDisk, type Files } from '../../../test/kubernetes/kubelet.ts';
import { childName, planAuthServer, planMCPGateway, planMCPServer } from '#operator';
import {
  resourceOf,
  SERVER_SPEC,
  authServerInput,
  externalOf,
  faultsOf,
  gatewayInput,
  objectsOf,
  plansOfTable,
  serverInput,
} from '../../../test/kubernetes/planned.ts';

/** Of whatever is named there is something; what is a key or a password is long enough. */
const anything = (value: string | Uint8Array) =>
  new Proxy(
    {},
    { get: (_, name) => (typeof name === 'string' ? new Proxy({}, { get: () => value }) : undefined) },
  ) as Record<string, Files>;
const SOMETHING = ['Hk3n2', '2sXw8mF0qZr5Yb7uLc9vTe1aJd'].join('-');

/** Loads the configuration of the first Deployment; gives it, or every problem as text. */
export function load(objects: readonly KubernetesObject[], name?: string) {
  const root = mkdtempSync(join(tmpdir(), 'chatelaine-plan-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const deployments = objects.filter(({ kind }) => kind === 'Deployment') as unknown as V1Deployment[];
  const found = deployments.find(({ metadata }) => name === undefined || metadata?.name === name) as V1Deployment;
  const pod = new PodOnDisk(found.spec?.template.spec as never, { root });
  const own = Object.fromEntries(
    (objects.filter(({ kind }) => kind === 'ConfigMap') as unknown as V1ConfigMap[]).map(({ metadata, data }) => [
      metadata?.name,
      data ?? {},
    ]),
  );
  const others = anything('-----BEGIN CERTIFICATE-----\n');
  pod.mount({
    secrets: anything(SOMETHING),
    configMaps: new Proxy(own, { get: (maps, key) => Reflect.get(maps, key) ?? Reflect.get(others, key) }) as Record<
      string,
      Files
    >,
  });
  const folder = pod.path('/etc/chatelaine/config');
  const inputs = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ file, directory: folder, bytes: readFileSync(join(folder, file)) }));
  const loaded = loadConfiguration(inputs, { env: pod.run().env, catalog: sourceTypes });
  if (!loaded.ok) return { problems: loaded.error.map((one) => formatProblem(one)).join('\n') };
  return { problems: '', configuration: loaded.value.configuration };
}

const named = (objects: readonly KubernetesObject[], name: string): Readonly<Record<string, string>> =>
  (
    objects.find((one) => one.kind === 'ConfigMap' && one.metadata.name === name) as
      | { data?: Record<string, string> }
      | undefined
  )?.data ?? {};

const AT_LOGIN = { authServerRef: { name: 'login', namespace: 'system' } };
const CLIENT = {
  clientId: 'us',
  clientSecretRef: { name: 'client', key: 'secret' },
  tokenUrl: 'https://sts.example.com/token',
};

describe('the configuration of a plan loads', () => {
  test.each(plansOfTable().filter(({ plan }) => plan.ok))('of $title', ({ plan }) => {
    expect(load(objectsOf(plan)).problems).toBe('');
  });

  test('every object of the table has a plan, but for a child process that is named without its path', () => {
    const refused = plansOfTable().filter(({ plan }) => !plan.ok);
    expect(refused.map(({ title }) => title)).toStrictEqual(['one over standard streams, with variables of a Secret']);
    expect(refused.map(({ plan }) => faultsOf(plan)).join('')).toContain('a command is an absolute path');
  });

  test.each<[string, object]>([
    ['none', { type: 'none' }],
    ['secret as a bearer token', { type: 'secret', secretRef: { name: 'key', key: 'token' } }],
    ['secret in a header', { type: 'secret', secretRef: { name: 'key', key: 'token' }, name: 'X-Key' }],
    ['clientCredentials', { type: 'clientCredentials', ...CLIENT, scopes: ['read'], audience: 'api' }],
    ['authServer', { type: 'authServer', ...AT_LOGIN }],
    ['tokenExchange', { type: 'tokenExchange', ...AT_LOGIN, upstream: 'acme', ...CLIENT, audience: 'api' }],
    [
      'awsSts',
      {
        type: 'awsSts',
        ...AT_LOGIN,
        roleArn: 'arn:aws:iam::123456789012:role/tools',
        region: 'eu-central-1',
        service: 's3',
      },
    ],
    ['clientCertificate', { type: 'clientCertificate', certificateRef: { name: 'pair' } }],
    [
      'authServer at a URL',
      {
        ...{
          type: 'authServer',
          url: 'https://login.internal:7443',
          issuer: 'https://login.example.com',
          upstream: 'acme',
        },
        ...{ caBundleRef: { name: 'ca' }, clientCert: { secretRef: { name: 'ours' } } },
      },
    ],
  ])('with outgoing authorization of the type %s', (_, spec) => {
    const { image: _image, ...rest } = SERVER_SPEC;
    const url = 'https://weather.internal.example/mcp';
    const resource = resourceOf<MCPServerSpec>('MCPServer', 'weather', { ...rest, url });
    const plan = planMCPServer(serverInput({}, { resource, external: externalOf(spec) }));
    // What stands there is what is asked of the loader, with every default of the schemas.
    expect(load(objectsOf(plan)).problems).toBe('');
  });

  test('of a server over standard streams, whose variables are what was written', () => {
    const env = [
      { name: 'PLAIN', value: 'secret://default/other' },
      { name: 'FILE', value: 'file:///etc/passwd' },
      { name: 'KEY', secretRef: { name: 'weather', key: 'key' } },
    ];
    const plan = planMCPServer(
      serverInput({ transport: 'stdio', command: ['/opt/mcp/weather'], args: ['--units', '${HOME}'.slice(2)], env }),
    );
    const { problems, configuration } = load(objectsOf(plan));
    expect(problems).toBe('');
    const shown = configuration?.mcpServers[0]?.env as Record<string, { expose?: unknown }>;
    expect(Object.keys(shown)).toStrictEqual(['PLAIN', 'FILE', 'KEY']);
  });

  test('of a gateway on PostgreSQL, which is told its own address', () => {
    const storage = {
      type: 'postgres',
      host: 'db.data.svc',
      database: 'c',
      user: 'c',
      passwordSecretRef: { name: 'db', key: 'p' },
      counters: { host: 'valkey.data.svc' },
    };
    const plan = planMCPGateway(
      gatewayInput(
        { replicas: 3, storage },
        {
          certificates: { client: 'front-client-cert', serving: 'front-server-cert' },
          serving: { name: 'front.tools.svc', bundle: { name: 'login-bundle', key: 'ca.crt' } },
        },
      ),
    );
    const { problems, configuration } = load(objectsOf(plan));
    expect(problems).toBe('');
    expect(configuration?.server.replica).toMatchObject({
      address: 'https://127.0.0.1:7420',
      tls: { serverName: 'front.tools.svc' },
    });
    expect(configuration?.mcpServers.map(({ name }) => name)).toStrictEqual(['maps', 'weather']);
  });

  test('of an authorization server, and its owners are in the map', () => {
    const owner = {
      kind: 'MCPServer',
      namespace: 'travel',
      name: 'flights',
      uid: 'u-1',
      resourceUrl: 'https://f.example.com/mcp',
    } as const;
    const plan = planAuthServer(authServerInput({}, { owners: [{ ...owner, scopes: ['read'], upstreams: ['acme'] }] }));
    const { problems, configuration } = load(objectsOf(plan));
    expect(problems).toBe('');
    expect(configuration?.owners).toMatchObject([
      { spiffeId: 'spiffe://prod.example.com/ns/travel/mcpserver/flights', uid: 'u-1' },
    ]);
  });

  test('any text of an object is that text in the configuration, or the object is refused (OPR-006)', () => {
    const input = gatewayInput();
    // Without tokens of callers, so that the one file says all that is looked up.
    const rest = { ...input, members: input.members.filter(({ external }) => external === undefined) };
    const unit = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('${', '}', ':', '-', '\n---\n', '"', '\\', '{{', '$(', 'file:///', 'secret://'),
      },
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const text = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (description) => {
        const plan = planMCPGateway({ ...rest, description });
        if (!plan.ok) return true;
        const data = named(plan.value.objects, 'front-config');
        const loaded = loadConfiguration(
          [{ file: 'access.yaml', directory: '/', bytes: Buffer.from(data['access.yaml'] ?? '') }],
          { env: {}, catalog: sourceTypes },
        );
        const said = loaded.ok
          ? loaded.value.configuration.groups[0]?.description
          : loaded.error.map(({ message }) => message);
        expect(said).toBe(description);
        return true;
      }),
      { numRuns: 500 },
    );
  });

  test('whatever a text holds, it is that text (OPR-006)', () => {
    const odd = 'a"b\\ ${HOME} ${X:-y} {{.Values.x}} $(id) `id`; --- \u2028 \u{1F511} #{z}\'';
    const plan = planAuthServer(
      authServerInput({
        upstreams: [{ ...authServerInput().resource.spec.upstreams[0], clientId: odd, extraParameters: { hint: odd } }],
      }),
    );
    const { problems, configuration } = load(objectsOf(plan));
    expect(problems).toBe('');
    expect(configuration?.upstreams[0]).toMatchObject({ clientId: odd, extraParameters: { hint: odd } });
  });
});

test('the ConfigMap of an owner map is one of its own, which is followed', () => {
  const objects = objectsOf(planAuthServer(authServerInput()));
  expect(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toContain(
    `ConfigMap/${childName.owners('login')}`,
  );
});
