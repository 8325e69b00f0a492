/** What holds of the objects of every plan. */
import { describe, expect, test } from 'vitest';
import type { V1Deployment, V1NetworkPolicy, V1Service } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import {
  externalOf,
  faultsOf,
  gatewayInput,
  authServerInput,
  objectsOf,
  plansOfTable,
  serverInput,
} from '../../../../test/kubernetes/planned.ts';
import {
  planAuthServer,
  planMCPGateway,
  planMCPServer,
  podSecurityFaults,
  type OwnerFacts,
  type PlanResult,
} from '../index.ts';

const PLANS = plansOfTable().filter(({ plan }) => plan.ok);

const named = (objects: readonly KubernetesObject[], kind: string, name: string) =>
  objects.find((one) => one.kind === kind && one.metadata.name === name) as unknown;
const policyOf = (plan: PlanResult, name: string) =>
  (
    named(objectsOf(plan), 'NetworkPolicy', name) as {
      spec: {
        ingress: { from?: object[]; ports?: { port: number }[] }[];
        egress: { to?: object[]; ports?: { port: number }[] }[];
      };
    }
  ).spec;
const POSTGRES = {
  type: 'postgres',
  host: 'db.data.svc',
  database: 'c',
  user: 'c',
  passwordSecretRef: { name: 'db', key: 'p' },
};
const VALKEY = { counters: { host: '10.1.2.3', port: 6380 } };

describe.each(PLANS)('the objects of $title', ({ plan }) => {
  const objects = plan.ok ? plan.value.objects : [];

  test('are in its namespace, owned by it, and labelled as the operator’s', () => {
    for (const { metadata } of objects) {
      expect(metadata.namespace).toBe('tools');
      expect(metadata.ownerReferences).toMatchObject([{ controller: true, blockOwnerDeletion: true }]);
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'chatelaine-operator' });
      expect(metadata.name.length).toBeLessThanOrEqual(63);
    }
    const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('have pods that are "restricted", without a token, which read their keys by their group', () => {
    for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment') as unknown as V1Deployment[]) {
      const pod = spec?.template.spec;
      expect(podSecurityFaults(spec?.template)).toStrictEqual([]);
      expect(pod?.automountServiceAccountToken).toBe(false);
      expect(pod?.securityContext?.fsGroup).toBe(65_532);
      for (const { secret } of pod?.volumes ?? []) if (secret) expect(secret.defaultMode).toBe(0o440);
      for (const container of pod?.containers ?? [])
        expect(container.securityContext?.readOnlyRootFilesystem).toBe(true);
    }
  });

  test('have Services of the cluster alone', () => {
    for (const { spec } of objects.filter(({ kind }) => kind === 'Service') as unknown as V1Service[])
      expect(spec?.type).toBe('ClusterIP');
  });

  test('have a NetworkPolicy for every Deployment, in both directions', () => {
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as V1NetworkPolicy[];
    for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment') as unknown as V1Deployment[]) {
      const own = policies.find((one) => JSON.stringify(one.spec?.podSelector) === JSON.stringify(spec?.selector));
      expect(own?.spec?.policyTypes).toStrictEqual(['Ingress', 'Egress']);
    }
  });
});

describe('an MCPAuthServer', () => {
  const owner = (name: string, namespace = 'travel', kind: OwnerFacts['kind'] = 'MCPServer'): OwnerFacts => ({
    ...{ kind, namespace, name, uid: `uid-${name}`, resourceUrl: `https://${name}.example.com/mcp` },
    ...{ scopes: [], upstreams: ['acme', 'acme'] },
  });

  test('lets proxies of its owners to the internal port, and nobody where there is none', () => {
    const alone = policyOf(planAuthServer(authServerInput()), 'login').ingress;
    expect(alone.flatMap(({ ports = [] }) => ports.map(({ port }) => port))).toStrictEqual([7420, 7421]);
    const owners = [owner('b'), owner('a'), owner('c', 'media', 'MCPGateway')];
    const rule = policyOf(planAuthServer(authServerInput({}, { owners })), 'login').ingress.find(
      ({ ports }) => ports?.[0]?.port === 7443,
    );
    expect(rule?.from).toHaveLength(2);
    expect(JSON.stringify(rule?.from)).toContain('"values":["a","b"]');
    expect(rule?.from?.every((peer) => 'namespaceSelector' in peer && 'podSelector' in peer)).toBe(true);
  });

  test('is the same text in whatever order owners are found', () => {
    const owners = [owner('b'), owner('a'), owner('c', 'media')];
    const one = planAuthServer(authServerInput({}, { owners }));
    expect(planAuthServer(authServerInput({}, { owners: owners.toReversed() }))).toStrictEqual(one);
  });

  test('has one pod at a time on SQLite, and a budget, keys and no claim on PostgreSQL', () => {
    const sqlite = objectsOf(planAuthServer(authServerInput()));
    expect(named(sqlite, 'Deployment', 'login')).toMatchObject({
      spec: { replicas: 1, strategy: { type: 'Recreate' } },
    });
    expect(named(sqlite, 'PersistentVolumeClaim', 'login-data')).toMatchObject({
      spec: { resources: { requests: { storage: '1Gi' } } },
    });
    expect(sqlite.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
    const postgres = objectsOf(planAuthServer(authServerInput({ replicas: 3, storage: { ...POSTGRES, ...VALKEY } })));
    expect(named(postgres, 'Deployment', 'login')).toMatchObject({
      spec: { replicas: 3, strategy: { type: 'RollingUpdate' } },
    });
    expect(named(postgres, 'PodDisruptionBudget', 'login')).toMatchObject({ spec: { maxUnavailable: 1 } });
    expect(postgres.map(({ kind }) => kind)).not.toContain('PersistentVolumeClaim');
    expect(JSON.stringify(named(postgres, 'Deployment', 'login'))).toContain('login-host-keys');
    expect(faultsOf(planAuthServer(authServerInput({ storage: POSTGRES }, { hostKeys: undefined })))).toContain(
      'keys that all pods',
    );
  });

  test('leaves `replicas` to its autoscaler', () => {
    const objects = objectsOf(
      planAuthServer(authServerInput({ storage: { ...POSTGRES, ...VALKEY }, autoscaling: { maxReplicas: 5 } })),
    );
    expect(named(objects, 'Deployment', 'login')).not.toHaveProperty('spec.replicas');
    expect(named(objects, 'HorizontalPodAutoscaler', 'login')).toMatchObject({
      spec: { minReplicas: 2, maxReplicas: 5 },
    });
  });

  test('reaches DNS, its storage and https, and what else is said', () => {
    const { egress } = policyOf(
      planAuthServer(
        authServerInput({
          storage: { ...POSTGRES, ...VALKEY },
          network: { allowEgressTo: [{ cidr: '203.0.113.0/24', ports: [8443] }] },
        }),
      ),
      'login',
    );
    expect(egress.map(({ ports }) => ports?.map(({ port }) => port) ?? 'any')).toStrictEqual([
      [53, 53, 5353, 5353],
      'any',
      [6380],
      [8443],
    ]);
    expect(egress[1]?.to).toStrictEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'data' } } },
    ]);
    expect(egress[2]?.to).toStrictEqual([{ ipBlock: { cidr: '10.1.2.3/32' } }]);
  });

  test.each([
    ['Ingress', { ingress: { className: 'nginx', annotations: { a: 'b' }, tlsSecretRef: { name: 'pair' } } }],
    ['HTTPRoute', { httpRoute: { parentRefs: [{ name: 'gw', namespace: 'edge' }] } }],
  ])('shows the public Service alone by an %s', (kind, expose) => {
    const text = JSON.stringify(named(objectsOf(planAuthServer(authServerInput({ expose }))), kind, 'login'));
    expect(text).toContain('login.example.com');
    expect(text).not.toContain('login-internal');
  });
});

describe('pods are rolled out for what their processes read once, and for nothing else', () => {
  const hashOf = (plan: PlanResult): string => (plan.ok ? plan.value.configHash : faultsOf(plan));
  const before = hashOf(planAuthServer(authServerInput()));
  const [acme] = authServerInput().resource.spec.upstreams;
  const owners = [
    {
      kind: 'MCPServer',
      namespace: 'a',
      name: 'b',
      uid: 'c',
      resourceUrl: 'https://b.example.com/mcp',
      scopes: [],
      upstreams: [],
    },
  ] as const;

  test.each<[string, boolean, PlanResult]>([
    ['an owner', false, planAuthServer(authServerInput({}, { owners }))],
    ['an upstream', false, planAuthServer(authServerInput({ upstreams: [{ ...acme, displayName: 'Acme' }] }))],
    ['how long tokens last', true, planAuthServer(authServerInput({ lifetimes: { accessToken: '5m' } }))],
    ['a port', true, planAuthServer(authServerInput({ ports: { public: 8443 } }))],
    ['how many there are', false, planAuthServer(authServerInput({ replicas: 0 }))],
  ])('%s: %s', (_, isRolledOut, plan) => {
    expect(hashOf(plan) !== before).toBe(isRolledOut);
  });

  test('a policy and an outgoing header of an MCPServer: none', () => {
    const policies = [
      { ref: { name: 'p', key: 'k' }, text: 'kind: policy\nname: all\ncedar: permit (principal, action, resource);\n' },
    ];
    expect(hashOf(planMCPServer(serverInput({}, { policies })))).toBe(hashOf(planMCPServer(serverInput())));
  });
});

describe('an MCPServer', () => {
  const external = externalOf({ type: 'authServer', authServerRef: { name: 'login', namespace: 'system' } });

  test('runs its image in a pod without certificates, reached by its proxy and gateways of its group alone', () => {
    const plan = planMCPServer(serverInput({ groupRef: { name: 'all' } }, { external }));
    const pod = JSON.stringify(named(objectsOf(plan), 'Deployment', 'weather-server'));
    expect(pod).not.toContain('weather-client-cert');
    expect(pod).not.toContain('/etc/chatelaine');
    const { ingress } = policyOf(plan, 'weather-server');
    expect(ingress).toHaveLength(1);
    expect(ingress[0]?.from).toHaveLength(2);
    expect(JSON.stringify(named(objectsOf(plan), 'Deployment', 'weather'))).toContain('weather-client-cert');
  });

  test('shows no certificate where no token of a caller is wanted', () => {
    expect(JSON.stringify(objectsOf(planMCPServer(serverInput())))).not.toContain('weather-client-cert');
  });

  test('hands its program texts as they were written (OPR-006)', () => {
    const odd = 'a$(HOME) $$ ${X} `id`\n"';
    const plan = planMCPServer(serverInput({ args: [odd], env: [{ name: 'A', value: odd }] }));
    const container = (named(objectsOf(plan), 'Deployment', 'weather-server') as V1Deployment).spec?.template.spec
      ?.containers[0];
    // As kubelets read it: `$$` is a dollar, and nothing else is left to read.
    const read = (text = ''): string => text.replaceAll('$$', '$');
    expect([read(container?.args?.[0]), read(container?.env?.[0]?.value)]).toStrictEqual([odd, odd]);
    expect(container?.args?.[0]?.replaceAll('$$', '')).not.toContain('$');
  });

  test.each<[string, PlanResult, string]>([
    [
      'a door that a proxy has not',
      planMCPServer(serverInput({ resourceUrl: 'https://t.example.com/github/mcp' })),
      'answers at `/mcp`',
    ],
    [
      'ID tokens',
      planMCPServer(
        serverInput(
          {},
          {
            external: externalOf({
              type: 'awsSts',
              authServerRef: { name: 'login', namespace: 'system' },
              subject: 'id_token',
              roleArn: 'arn:aws:iam::123456789012:role/a',
              region: 'eu-central-1',
              service: 's3',
            }),
          },
        ),
      ),
      'no ID tokens',
    ],
    [
      'an upstream that there is not',
      planMCPServer(
        serverInput(
          {},
          {
            external: externalOf({
              type: 'authServer',
              authServerRef: { name: 'login', namespace: 'system' },
              upstream: 'other',
            }),
          },
        ),
      ),
      'no upstream `other`',
    ],
    [
      'tokens of another authorization server',
      planMCPServer(
        serverInput({}, { external: externalOf({ type: 'authServer', authServerRef: { name: 'second' } }) }),
      ),
      'another authorization server',
    ],
    [
      'a Secret of the operator',
      planMCPServer(
        serverInput(
          { env: [{ name: 'A', secretRef: { name: 'login-ca', key: 'tls.key' } }] },
          { operatorSecrets: ['login-ca'] },
        ),
      ),
      "operator's own",
    ],
    [
      'a header for a child process',
      planMCPServer(serverInput({ transport: 'stdio', command: ['/opt/a'] }, { external })),
      'child process',
    ],
    [
      'a shell',
      planMCPServer(serverInput({ transport: 'stdio', command: ['/bin/sh'], args: ['-c', 'id'] })),
      'runs whatever its arguments say',
    ],
    [
      'a policy that is something else',
      planMCPServer(
        serverInput(
          {},
          {
            policies: [{ ref: { name: 'p', key: 'k' }, text: 'kind: mcpServer\nname: x\nurl: https://evil.example\n' }],
          },
        ),
      ),
      'and nothing else',
    ],
    [
      'YAML with two readings',
      planMCPServer(
        serverInput({}, { policies: [{ ref: { name: 'p', key: 'k' }, text: 'kind: policy\nkind: policy\n' }] }),
      ),
      'no YAML',
    ],
    [
      'several pods that are each the record',
      planMCPServer(serverInput({ transport: 'stdio', command: ['/opt/a'], replicas: 2 })),
      'spec.replicas',
    ],
  ])('is refused for %s', (_, plan, says) => {
    expect(faultsOf(plan)).toContain(says);
  });
});

describe('an MCPGateway', () => {
  test('reaches the pods of its servers, and is one owner', () => {
    const plan = planMCPGateway(gatewayInput());
    const { egress } = policyOf(plan, 'front');
    expect(JSON.stringify(egress)).toContain('"chatelaine.dev/name":"weather","app.kubernetes.io/component":"server"');
    expect(JSON.stringify(objectsOf(plan))).toContain('tools/front');
  });

  test('is refused for a server that is reached by its own proxy alone, and for one that is not there', () => {
    const member = { resource: serverInput({ transport: 'stdio', command: ['/opt/a'] }).resource };
    expect(faultsOf(planMCPGateway(gatewayInput({}, { members: [member] })))).toContain('standard streams');
    expect(faultsOf(planMCPGateway(gatewayInput({ servers: [{ name: 'gone' }] })))).toContain('no MCPServer `gone`');
  });
});
