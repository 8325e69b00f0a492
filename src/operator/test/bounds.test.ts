/** What an object may not do to others, whoever wrote it: with no webhook, so that the reconcile alone stands against it. */
import { Registry } from 'prom-client';
import { parseAllDocuments } from 'yaml';
import { expect, test } from 'vitest';
import { createLogger, type JsonObject } from '#kernel';
import { podSecurityFaults } from '../plan/pod-template/pod-security.ts';
import {
  authConfig,
  authServer,
  gateway,
  group,
  mcpServer,
  openOperatorWorld,
  statusOf,
  USER,
  type OperatorWorld,
} from './running-operator.fixture.ts';

const LONG = { timeout: 60_000 };

const readyOf = (object: JsonObject | undefined) => statusOf(object).conditions?.find(({ type }) => type === 'Ready');

const eventsOf = async (world: OperatorWorld, name: string): Promise<string[]> =>
  (await world.list('Event'))
    .filter(({ regarding }) => (regarding as JsonObject)['name'] === name)
    .map((event) => `${event['reason'] as string}: ${event['note'] as string}`);

/** Who is on the list of owners, by resource. */
async function ownersAt(world: OperatorWorld, namespace = 'identity'): Promise<Record<string, string>> {
  const data = ((await world.get('ConfigMap', 'login-owners', namespace))?.['data'] ?? {}) as Record<string, string>;
  const documents = parseAllDocuments(data['owners.yaml'] ?? '') as { toJS(): JsonObject | null }[];
  return Object.fromEntries(
    documents.flatMap((document) => {
      const owner = document.toJS();
      return owner === null ? [] : [[owner['resource'] as string, owner['spiffeId'] as string]];
    }),
  );
}

const login = { name: 'login', namespace: 'identity' };
/** Without outgoing authorization. */
function alone(more: JsonObject, place: { name: string; namespace?: string }): JsonObject {
  const { spec, ...rest } = mcpServer(more, place);
  const { externalAuthConfigRef: _, ...kept } = spec as JsonObject;
  return { ...rest, spec: kept };
}
const server = (resourceUrl: string, name: string, namespace = 'tools'): JsonObject =>
  alone({ resourceUrl, authServerRef: login }, { name, namespace });

test(
  'a reference to an authorization server that does not let the namespace in is refused, and nothing is read or written there for it (OPR-001)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    await world.create(
      authServer(
        { tls: { clientAuth: { trustDomain: 'example.com', namespaces: ['other'] } } },
        { namespace: 'identity' },
      ),
    );
    await world.untilReady('MCPAuthServer', 'login', 'Ready', 'identity');
    await world.untilQuiet();
    const before = world.asked().length;
    await world.create(authConfig({ authServerRef: login }));
    await world.create(mcpServer({ authServerRef: login }));
    const refused = await world.untilReady('MCPServer', 'weather', 'RefNotPermitted');
    expect([statusOf(refused)['phase'], readyOf(refused)?.status]).toEqual(['Failed', 'False']);
    expect(readyOf(refused)?.message).toContain('spec.tls.clientAuth.namespaces');
    await world.untilQuiet();
    const there = world
      .asked()
      .slice(before)
      .filter(({ namespace, watch }) => namespace === 'identity' && !watch);
    expect(there.filter(({ verb, name }) => verb !== 'get' || !name.startsWith('login-'))).toEqual([]);
    expect(await world.list('Deployment', 'tools')).toEqual([]);
    expect(await ownersAt(world)).toEqual({});
    await world.until(async () =>
      expect(await eventsOf(world, 'weather')).toContain(
        'NotReady: it is not ready: RefNotPermitted; see its conditions',
      ),
    );
  },
);

test(
  'a Secret of another namespace cannot be named: the field is not there, and a name is no path (OPR-001)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    const upstream = (clientSecretRef: JsonObject) =>
      authServer({
        upstreams: [
          { name: 'company', type: 'oidc', issuer: 'https://sso.example.com', clientId: 'chatelaine', clientSecretRef },
        ],
      });
    for (const name of ['identity/sso', '../identity/sso', 'sso.identity/'])
      await expect(world.create(upstream({ name, key: 'client-secret' }))).rejects.toThrow('clientSecretRef.name');
    await world.start();
    await world.create(upstream({ name: 'sso', key: 'client-secret', namespace: 'identity' }));
    await world.untilReady('MCPAuthServer', 'login');
    expect(JSON.stringify(await world.get('MCPAuthServer', 'login'))).not.toContain('"identity"');
    const asked = world.asked().filter(({ resource }) => resource === 'secrets');
    expect(new Set(asked.map(({ namespace }) => namespace))).toEqual(new Set(['tools']));
  },
);

test(
  'the keys that the operator keeps cannot be mounted by an object that names their Secret (OPR-001)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    for (const object of [authServer(), authConfig()]) await world.create(object);
    await world.create(mcpServer({ env: [{ name: 'CA', secretRef: { name: 'login-ca', key: 'tls.key' } }] }));
    const refused = await world.untilReady('MCPServer', 'weather', 'NotPossible');
    expect(readyOf(refused)?.message).toContain('login-ca');
    await world.untilReady('MCPAuthServer', 'login');
    expect((await world.list('Deployment', 'tools')).map(({ metadata }) => (metadata as JsonObject)['name'])).toEqual([
      'login',
    ]);
  },
);

test('keys are not made while pods of another object wait for a Secret of their name (OPR-001)', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  await world.create(authServer({}, login));
  const waiting = alone({ authServerRef: login }, { name: 'waiting' });
  const podTemplate = { spec: { volumes: [{ name: 'stolen', secret: { secretName: 'front-ca' } }] } };
  await world.create({ ...waiting, spec: { ...(waiting['spec'] as JsonObject), podTemplate } });
  await world.untilReady('MCPServer', 'waiting');
  await world.create(authServer({}, { name: 'front' }));
  const refused = await world.untilReady('MCPAuthServer', 'front', 'SecretAwaited');
  expect(readyOf(refused)?.message).toContain('MCPServer/waiting');
  expect(await world.get('Secret', 'front-ca')).toBeUndefined();
  await world.remove('MCPServer', 'waiting');
  await world.until(async () => expect(await world.get('Deployment', 'waiting')).toBeUndefined());
  await world.touch('MCPAuthServer', 'front');
  await world.untilReady('MCPAuthServer', 'front');
});

test(
  'of two that claim one resource the older keeps it, in another form and namespace too, and the list says so (OPR-003)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    await world.create(authServer({}, { namespace: 'identity' }));
    await world.create(server('https://one.example.com/mcp', 'first'));
    await world.untilReady('MCPServer', 'first');
    await world.until(async () => expect(Object.keys(await ownersAt(world))).toHaveLength(1));
    const before = await ownersAt(world);
    await world.create(server('https://one.example.com/mcp/', 'second', 'other'));
    const refused = await world.untilReady('MCPServer', 'second', 'ResourceUrlTaken', 'other');
    // Nothing of another namespace is told.
    expect(readyOf(refused)?.message).toContain('another object in another namespace has');
    expect(readyOf(refused)?.message).not.toContain('first');
    await world.untilQuiet();
    expect(await ownersAt(world)).toEqual(before);
    expect(await world.list('Deployment', 'other')).toEqual([]);
    expect(await world.get('Secret', 'second-client-cert', 'other')).toBeUndefined();
    await world.remove('MCPServer', 'first');
    await world.untilReady('MCPServer', 'second', 'Ready', 'other');
    await world.until(async () =>
      expect(Object.values(await ownersAt(world))).toEqual(['spiffe://example.com/ns/other/mcpserver/second']),
    );
  },
);

test(
  'an older object that claims it only later does not take the resource of a younger one, even over a restart (OPR-003)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    const operator = await world.start();
    await world.create(authServer({}, { namespace: 'identity' }));
    await world.create(server('https://old.example.com/mcp', 'older', 'other'));
    await world.untilReady('MCPServer', 'older', 'Ready', 'other');
    // Ages are whole seconds.
    const second = () => Math.floor(Date.now() / 1000);
    const made = second();
    await world.until(() => expect(second()).toBeGreaterThan(made));
    await world.create(server('https://mine.example.com/mcp', 'younger'));
    await world.untilReady('MCPServer', 'younger');
    await world.until(async () => expect(Object.keys(await ownersAt(world))).toHaveLength(2));
    await world.change('MCPServer', 'older', { spec: { resourceUrl: 'https://mine.example.com/mcp' } }, 'other');
    await world.untilReady('MCPServer', 'older', 'ResourceUrlTaken', 'other');
    await operator.stop();
    await world.start();
    await world.untilQuiet();
    expect(readyOf(await world.get('MCPServer', 'younger'))?.status).toBe('True');
    expect(await ownersAt(world)).toEqual({
      'https://mine.example.com/mcp': 'spiffe://example.com/ns/tools/mcpserver/younger',
    });
  },
);

test('of two authorization servers with one issuer the younger is not deployed (OPR-003)', LONG, async () => {
  const world = await openOperatorWorld();
  await world.start();
  await world.create(authServer({}, { namespace: 'identity' }));
  await world.untilReady('MCPAuthServer', 'login', 'Ready', 'identity');
  const second = () => Math.floor(Date.now() / 1000);
  const made = second();
  await world.until(() => expect(second()).toBeGreaterThan(made));
  await world.create(authServer({ issuer: 'https://login.example.com' }, { name: 'copy', namespace: 'other' }));
  await world.untilReady('MCPAuthServer', 'copy', 'IssuerTaken', 'other');
  await world.untilQuiet();
  expect([await world.list('Deployment', 'other'), await world.list('Secret', 'other')]).toEqual([[], []]);
  expect(readyOf(await world.get('MCPAuthServer', 'login', 'identity'))?.status).toBe('True');
});

test('no secret of anybody and no key of the operator is anywhere but in Secrets (OPR-004)', LONG, async () => {
  const world = await openOperatorWorld();
  const lines: string[] = [];
  const metrics = new Registry();
  const log = createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const secret = (name: string, key: string) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'tools' } },
    stringData: { [key]: ['canary', name, 'zq7x'].join('-') },
  });
  for (const [name, key] of [
    ['sso', 'client-secret'],
    ['database', 'password'],
    ['weather-key', 'key'],
  ] as const)
    await world.create(secret(name, key));
  // What goes wrong is told of, too.
  for (const kind of ['reset-before', 'reset-after'] as const)
    world.api.faults.inject(
      ({ user, verb, resource }) =>
        user === USER && ['create', 'update', 'patch'].includes(verb) && ['secrets', 'deployments'].includes(resource),
      { kind },
      4,
    );
  await world.start({ log, metrics });
  const storage = {
    ...{ type: 'postgres', host: 'db.data', database: 'chatelaine', user: 'serving' },
    passwordSecretRef: { name: 'database', key: 'password' },
  };
  for (const object of [authServer({ storage }), authConfig(), group(), gateway({ storage })])
    await world.create(object);
  const env = [{ name: 'KEY', secretRef: { name: 'weather-key', key: 'key' } }];
  await world.create(mcpServer({ env, groupRef: { name: 'everybody' } }));
  await world.create(alone({ env, transport: 'stdio', command: ['/usr/bin/weather'] }, { name: 'child' }));
  for (const name of ['weather', 'child']) await world.untilReady('MCPServer', name);
  await world.untilReady('MCPGateway', 'front');
  await world.untilQuiet();

  const secrets = await world.list('Secret', 'tools');
  const values = secrets.flatMap(({ data }) =>
    Object.entries(data as Record<string, string>)
      .filter(([key]) => !['tls.crt', 'ca.crt'].includes(key) && !key.endsWith('.json'))
      .flatMap(([, value]) => [value, Buffer.from(value, 'base64').toString('utf8').trim()]),
  );
  const pem = (value: string) => value.replaceAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g, '');
  const keys = values.flatMap((value) =>
    pem(value)
      .split('\n')
      .filter((line) => line.length > 30 && !line.startsWith('-----')),
  );
  const canaries = [...keys, 'zq7x', Buffer.from('zq7x').toString('base64').slice(0, 5), 'PRIVATE KEY'];
  expect(keys.length).toBeGreaterThan(8);
  const kinds = [
    'ConfigMap',
    'Deployment',
    'Event',
    'Ingress',
    'NetworkPolicy',
    'PersistentVolumeClaim',
    'Service',
    'ServiceAccount',
    'MCPAuthServer',
    'MCPExternalAuthConfig',
    'MCPGateway',
    'MCPGroup',
    'MCPServer',
    'Lease',
  ];
  const places: Record<string, string> = {
    log: lines.join('\n'),
    metrics: await metrics.metrics(),
    requests: JSON.stringify(world.asked()),
  };
  for (const kind of kinds) places[kind] = JSON.stringify(await world.list(kind));
  expect(lines.length).toBeGreaterThan(3);
  const found = Object.entries(places).flatMap(([place, text]) =>
    canaries
      .filter((one) => text.replaceAll('-----BEGIN CERTIFICATE-----', '').includes(one))
      .map((one) => [place, one]),
  );
  expect(found).toEqual([]);

  const templates = (await world.list('Deployment', 'tools')).map((one) => ({
    name: (one['metadata'] as { name: string }).name,
    pod: ((one['spec'] as JsonObject)['template'] as JsonObject)['spec'] as unknown as Pod,
  }));
  const read = (name: string) => world.asked().filter((one) => one.resource === 'secrets' && one.name === name);
  for (const name of ['sso', 'database', 'weather-key']) expect([name, read(name)]).toEqual([name, []]);
  for (const { name, pod } of templates) {
    for (const { secret: mounted } of pod.volumes ?? [])
      if (mounted) expect([name, mounted.defaultMode & 0o337]).toEqual([name, 0]);
    const fromSecrets = pod.containers.flatMap(({ env: all = [] }) =>
      all.filter(({ valueFrom }) => valueFrom?.secretKeyRef),
    );
    // A server of somebody else reads variables; Chatelaine reads files.
    expect([name, fromSecrets.length]).toEqual([name, name === 'weather-server' ? 1 : 0]);
  }
  const own = secrets.filter(({ metadata }) => (metadata as JsonObject)['ownerReferences'] !== undefined);
  expect(own.length).toBe(secrets.length - 3);
});

interface Pod {
  readonly volumes?: readonly { readonly secret?: { readonly defaultMode: number } }[];
  readonly containers: readonly {
    readonly image: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: readonly {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: { readonly secretKeyRef?: object };
    }[];
  }[];
}

const METACHARACTERS = [
  '$(reboot)',
  '"; rm -rf / #',
  '{{ .Values.x }}',
  '\' "---" kind: server',
  '${HOME}',
  '`id`',
  '$(CHATELAINE_POD_IP)',
  '!!js/function x',
  '&a *a',
  '%41',
];
/** A document of its own, for whoever takes a text for YAML. */
const BREAKS = "'\n---\nkind: server\n";

test(
  'what is written in fields is data, whatever a shell, YAML, a template or a kubelet would make of it (OPR-006)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.start();
    for (const object of [authServer(), authConfig()]) await world.create(object);
    const env = [...METACHARACTERS, BREAKS].map((value, at) => ({ name: `V${at}`, value }));
    await world.create(mcpServer({ command: ['/server'], args: METACHARACTERS, env }));
    const stdio = { command: ['/server'], env, transport: 'stdio' };
    const args = METACHARACTERS.filter((text) => !/[;|&$`<>]/.test(text));
    await world.create(alone({ ...stdio, args }, { name: 'child' }));
    // Somebody who writes these takes the command for one that a shell reads.
    await world.create(alone({ ...stdio, args: ['$(reboot)'] }, { name: 'shell' }));
    await world.untilReady('MCPServer', 'shell', 'NotPossible');
    for (const name of ['weather', 'child']) await world.untilReady('MCPServer', name);
    const podOf = async (name: string) => {
      const { spec } = (await world.get('Deployment', name)) as unknown as { spec: { template: { spec: Pod } } };
      return spec.template.spec;
    };
    const [container] = (await podOf('weather-server')).containers;
    // As a kubelet reads it.
    const read = (text: string) =>
      text.replaceAll(/\$\$|\$\([A-Za-z_]\w*\)/g, (one) => (one === '$$' ? '$' : 'EXPANDED'));
    expect(container?.args?.map(read)).toEqual(METACHARACTERS);
    expect(container?.env?.map(({ value = '' }) => read(value))).toEqual([...METACHARACTERS, BREAKS]);
    const [child] = (await podOf('child')).containers;
    expect(JSON.stringify(child)).not.toContain('reboot');
    const files = (await world.get('ConfigMap', 'child-config'))?.['data'] as Record<string, string>;
    const values = [...METACHARACTERS, BREAKS];
    values.forEach((value, at) => expect(files[`env.V${at}`]).toBe(`${value}\n`));
    const documents = Object.entries(files)
      .filter(([name]) => name.endsWith('.yaml'))
      .flatMap(([, text]) => (parseAllDocuments(text) as { toJS(): JsonObject | null }[]).map((one) => one.toJS()));
    expect(documents.filter((one) => one?.['kind'] === 'server')).toHaveLength(1);
    expect(JSON.stringify(documents)).toContain(JSON.stringify(args).slice(1, -1));
  },
);

test(
  'a podTemplate that would let a pod out is refused, and every pod made is "restricted" (OPR-006)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await world.ask('PATCH', '/api/v1/namespaces/tools', { body: { metadata: { labels } }, type: 'merge-patch+json' });
    await world.start();
    for (const object of [authServer(), authConfig(), group(), gateway()]) await world.create(object);
    const templates: Record<string, JsonObject> = {
      hostpath: { spec: { volumes: [{ name: 'host', hostPath: { path: '/' } }] } },
      privileged: { spec: { containers: [{ name: 'server', securityContext: { privileged: true } }] } },
      network: { spec: { hostNetwork: true } },
      root: { spec: { securityContext: { runAsUser: 0, runAsNonRoot: false } } },
      capability: {
        spec: { containers: [{ name: 'proxy', securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] },
      },
      sidecar: {
        spec: {
          containers: [{ name: 'beside', image: 'example.com/beside:1', securityContext: { privileged: true } }],
        },
      },
      keys: { spec: { volumes: [{ name: 'stolen', secret: { secretName: 'login-ca' } }] } },
      projected: {
        spec: { volumes: [{ name: 'stolen', projected: { sources: [{ secret: { name: 'login-ca' } }] } }] },
      },
      variables: { spec: { containers: [{ name: 'server', envFrom: [{ secretRef: { name: 'login-ca' } }] }] } },
      variable: {
        spec: {
          containers: [
            {
              name: 'server',
              env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'front-client-cert', key: 'tls.key' } } }],
            },
          ],
        },
      },
      state: { spec: { volumes: [{ name: 'stolen', persistentVolumeClaim: { claimName: 'login-data' } }] } },
    };
    for (const [name, podTemplate] of Object.entries(templates))
      await world.create(mcpServer({ podTemplate }, { name }));
    for (const name of Object.keys(templates)) {
      const refused = await world.untilReady('MCPServer', name, 'NotPossible').catch(async (error: unknown) => {
        throw new Error(`${name}: ${String(error)}`);
      });
      expect([name, statusOf(refused)['phase']]).toEqual([name, 'Failed']);
      expect(await world.get('Deployment', name)).toBeUndefined();
    }
    await world.create(mcpServer({ podTemplate: { spec: { nodeSelector: { disk: 'ssd' } } } }));
    await world.untilReady('MCPServer', 'weather');
    await world.untilReady('MCPGateway', 'front');
    const made = await world.list('Deployment', 'tools');
    expect(made.length).toBe(4);
    for (const one of made)
      expect([
        (one['metadata'] as JsonObject)['name'],
        podSecurityFaults((one['spec'] as JsonObject)['template']),
      ]).toEqual([(one['metadata'] as JsonObject)['name'], []]);
  },
);
