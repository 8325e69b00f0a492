/** What a resource may wish for its pods, and that whatever is granted is "restricted". */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { planAuthServer, planMCPServer, podSecurityFaults } from '../index.ts';
import { strategicMerge } from '../pod-template/merge.ts';
import { authServerInput, faultsOf, objectsOf, serverInput } from '../../../../test/kubernetes/planned.ts';

const planWith = (podTemplate: unknown) => planAuthServer(authServerInput({ podTemplate }));
const templatesOf = (plan: ReturnType<typeof planAuthServer>): readonly V1PodTemplateSpec[] =>
  objectsOf(plan)
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ spec }) => (spec as { readonly template: V1PodTemplateSpec }).template);
const templateWith = (podTemplate: unknown): V1PodTemplateSpec =>
  templatesOf(planWith(podTemplate))[0] as V1PodTemplateSpec;

const own = (more: object): object => ({ spec: { containers: [{ name: 'authserver', ...more }] } });

describe('is merged as a strategic merge patch would be', () => {
  test('labels, node selectors and tolerations come beside ours', () => {
    const { metadata, spec } = templateWith({
      metadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
      spec: {
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'x', operator: 'Exists' }],
        priorityClassName: 'high',
      },
    });
    expect(metadata?.labels).toMatchObject({ team: 'a', 'chatelaine.dev/name': 'login' });
    expect(metadata?.annotations).toHaveProperty('note', 'b');
    expect(spec).toMatchObject({
      nodeSelector: { disk: 'ssd' },
      priorityClassName: 'high',
      automountServiceAccountToken: false,
    });
    expect(spec?.containers).toHaveLength(1);
  });

  test('containers, variables, volumes and mounts by their names', () => {
    const { spec } = templateWith({
      spec: {
        containers: [
          {
            name: 'authserver',
            env: [{ name: 'TZ', value: 'UTC' }],
            resources: { limits: { cpu: '1' } },
            volumeMounts: [{ name: 'extra', mountPath: '/extra' }],
          },
          { name: 'helper', image: 'helper:1' },
        ],
        volumes: [{ name: 'extra', emptyDir: {} }],
      },
    });
    const [ours, helper] = spec?.containers ?? [];
    expect(ours?.env?.map(({ name }) => name)).toStrictEqual(['HOME', 'CHATELAINE_IMAGE', 'TZ']);
    expect(ours?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/extra');
    expect(ours?.args?.[0]).toBe('serve');
    expect(helper?.securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    expect(spec?.volumes?.map(({ name }) => name)).toContain('extra');
  });

  test('null takes away, a list without names is replaced, neither side changes', () => {
    const ours = { spec: { nodeSelector: { a: '1', b: '2' }, tolerations: [{ key: 'x' }] } };
    const before = structuredClone(ours);
    expect(strategicMerge(ours, { spec: { nodeSelector: { a: null }, tolerations: [{ key: 'y' }] } })).toStrictEqual({
      spec: { nodeSelector: { b: '2' }, tolerations: [{ key: 'y' }] },
    });
    expect(ours).toStrictEqual(before);
  });

  test('a name such as `__proto__` is a name', () => {
    const merged = strategicMerge({}, JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}')) as {
      metadata: { labels: object };
    };
    expect(Object.keys(merged.metadata.labels)).toStrictEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('an MCPServer’s goes to both of its pods, each container to its own, others beside the server', () => {
    const podTemplate = {
      spec: {
        nodeSelector: { disk: 'ssd' },
        containers: [
          { name: 'server', env: [{ name: 'A', value: 'b' }] },
          { name: 'helper', image: 'h:1' },
        ],
      },
    };
    const templates = templatesOf(planMCPServer(serverInput({ podTemplate })));
    expect(templates.map(({ spec }) => spec?.containers.map(({ name }) => name))).toStrictEqual([
      ['proxy'],
      ['server', 'helper'],
    ]);
    expect(templates.every(({ spec }) => spec?.nodeSelector?.['disk'] === 'ssd')).toBe(true);
  });
});

describe('is refused, and nothing is planned', () => {
  test.each<[string, unknown, string]>([
    ['a volume of the node', { spec: { volumes: [{ name: 'h', hostPath: { path: '/' } }] } }, 'hostPath'],
    ['the network of the node', { spec: { hostNetwork: true } }, 'spec.podTemplate.spec.hostNetwork'],
    ['processes of the node', { spec: { hostPID: true } }, 'hostPID'],
    ['one list of processes for all containers', { spec: { shareProcessNamespace: true } }, 'shareProcessNamespace'],
    [
      'a privileged container',
      { spec: { containers: [{ name: 'x', image: 'x', securityContext: { privileged: true } }] } },
      'privileged',
    ],
    [
      'a capability',
      { spec: { containers: [{ name: 'x', image: 'x', securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] } },
      'NET_BIND_SERVICE',
    ],
    [
      'root',
      { spec: { containers: [{ name: 'x', image: 'x', securityContext: { runAsUser: 0 } }] } },
      'nobody is root',
    ],
    ['our container as somebody else', own({ securityContext: { runAsUser: 1000 } }), 'securityContext'],
    ['another command', own({ command: ['sh'] }), 'command'],
    ['another argument', own({ args: ['serve'] }), 'args'],
    ['no probe', own({ readinessProbe: null }), 'readinessProbe'],
    ['code for our process', own({ env: [{ name: 'NODE_OPTIONS', value: '--import=/x.mjs' }] }), 'NODE_OPTIONS'],
    ['what the operator says in a variable', own({ env: [{ name: 'HOME', value: '/root' }] }), 'HOME'],
    ['a dollar of ours', own({ env: [{ name: 'CHATELAINE_NO_VARIABLE', value: 'x' }] }), 'CHATELAINE_NO_VARIABLE'],
    ['variables of who knows where', own({ envFrom: [{ configMapRef: { name: 'x' } }] }), 'envFrom'],
    [
      'a mount over ours',
      {
        spec: {
          containers: [{ name: 'authserver', volumeMounts: [{ name: 'x', mountPath: '/etc/chatelaine' }] }],
          volumes: [{ name: 'x', emptyDir: {} }],
        },
      },
      'would cover',
    ],
    ['another configuration', { spec: { volumes: [{ name: 'config', configMap: { name: 'other' } }] } }, 'config'],
    [
      'our keys for another container',
      { spec: { containers: [{ name: 'x', image: 'x', volumeMounts: [{ name: 'data', mountPath: '/d' }] }] } },
      'keys and state',
    ],
    ['another account', { spec: { serviceAccountName: 'admin' } }, 'serviceAccountName'],
    ['a token of the account', { spec: { automountServiceAccountToken: true } }, 'automountServiceAccountToken'],
    [
      'a token in a volume',
      { spec: { volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] } },
      'no token',
    ],
    [
      'a label that policies go by',
      { metadata: { labels: { 'chatelaine.dev/name': 'other' } } },
      'chatelaine.dev/name',
    ],
    ['less time to end', { spec: { terminationGracePeriodSeconds: 1 } }, 'terminationGracePeriodSeconds'],
    ['a directive of patches', { spec: { $patch: 'replace' } }, 'directive'],
    ['another form', { spec: { containers: 'x' } }, 'no list'],
    ['no pod at all', { spec: null }, 'no mapping'],
  ])('%s', (_, podTemplate, says) => {
    expect(faultsOf(planWith(podTemplate))).toContain(says);
  });
});

describe('whatever is wished, what is granted is "restricted" (Pod Security Standards)', () => {
  const context = fc.record(
    {
      privileged: fc.boolean(),
      allowPrivilegeEscalation: fc.boolean(),
      runAsNonRoot: fc.boolean(),
      runAsUser: fc.constantFrom(0, 1000, 65_532),
      readOnlyRootFilesystem: fc.boolean(),
      procMount: fc.constantFrom('Default', 'Unmasked'),
      seccompProfile: fc.constantFrom({ type: 'Unconfined' }, { type: 'RuntimeDefault' }, {}),
      capabilities: fc.record(
        { drop: fc.constantFrom([], ['ALL']), add: fc.constantFrom([], ['NET_BIND_SERVICE'], ['SYS_ADMIN']) },
        { requiredKeys: [] },
      ),
      seLinuxOptions: fc.constantFrom({ type: 'spc_t' }, { type: 'container_t' }),
      windowsOptions: fc.constantFrom({ hostProcess: true }, {}),
    },
    { requiredKeys: [] },
  );
  const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 8 });
  const container = fc.record(
    {
      name: fc.constantFrom('authserver', 'helper', 'other'),
      image: fc.constant('some:1'),
      securityContext: orNull(context),
      ports: fc.constantFrom([], [{ containerPort: 9000 }], [{ containerPort: 9000, hostPort: 9000 }]),
      volumeMounts: fc.constantFrom([], [{ name: 'more', mountPath: '/more' }], [{ name: 'data', mountPath: '/d' }]),
      livenessProbe: fc.constantFrom({ httpGet: { host: '169.254.169.254', port: 80 } }, { tcpSocket: { port: 9000 } }),
    },
    { requiredKeys: ['name'] },
  );
  const volume = fc.constantFrom(
    ...[
      { name: 'more', emptyDir: {} },
      { name: 'host', hostPath: { path: '/' } },
      { name: 'nfs', nfs: { server: 's', path: '/' } },
    ],
    { name: 'data', hostPath: { path: '/var' } },
  );
  const spec = fc.record(
    {
      containers: orNull(fc.array(container, { maxLength: 3 })),
      initContainers: fc.array(container, { maxLength: 2 }),
      volumes: orNull(fc.array(volume, { maxLength: 3 })),
      securityContext: orNull(fc.oneof(context, fc.constant({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] }))),
      hostNetwork: fc.boolean(),
      hostIPC: fc.boolean(),
      nodeSelector: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
    },
    { requiredKeys: [] },
  );
  const annotations = fc.constantFrom({}, { 'container.apparmor.security.beta.kubernetes.io/helper': 'unconfined' });
  const wish = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ spec: orNull(spec), metadata: fc.record({ annotations }) }, { requiredKeys: [] }),
    },
    { weight: 1, arbitrary: fc.jsonValue() as fc.Arbitrary<object> },
  );

  test('for thousands of templates, of which some are granted', () => {
    let granted = 0;
    const input = authServerInput();
    fc.assert(
      fc.property(wish, (podTemplate) => {
        const resource = { ...input.resource, spec: { ...input.resource.spec, podTemplate: podTemplate as never } };
        const plan = planAuthServer({ ...input, resource });
        if (!plan.ok) return plan.error.length > 0;
        granted++;
        const [template] = templatesOf(plan);
        expect(podSecurityFaults(template)).toStrictEqual([]);
        const ours = template?.spec?.containers.find(({ name }) => name === 'authserver');
        expect(ours?.securityContext?.readOnlyRootFilesystem).toBe(true);
        expect(template?.spec?.automountServiceAccountToken).toBe(false);
        return true;
      }),
      { numRuns: 3000 },
    );
    expect(granted).toBeGreaterThan(50);
  });

  test('and the checker knows a pod that is not', () => {
    expect(
      podSecurityFaults({ spec: { containers: [{ name: 'x', image: 'x' }] } }).map(({ path }) => path),
    ).toStrictEqual([
      'spec.containers[0].securityContext.allowPrivilegeEscalation',
      'spec.containers[0].securityContext.runAsNonRoot',
      'spec.containers[0].securityContext.seccompProfile',
      'spec.containers[0].securityContext.capabilities.drop',
    ]);
  });
});
