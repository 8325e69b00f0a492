/** What surrounds pods: apps/v1, networking.k8s.io/v1, policy/v1, autoscaling/v2. */
import { type ApiObject, child, equal, isObject, type Json, type JsonObject, listAt, text } from '../json.ts';
import { ageColumn } from '../columns.ts';
import type { Column, ResourceType } from '../resource-type.ts';
import { scaleOf } from '../scale.ts';
import { type Cause, invalidValue, required } from '../statuses.ts';
import { subdomainFault } from '../names.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  atomic,
  bool,
  conditions,
  int,
  intOrString,
  keyed,
  labelSelector,
  list,
  map,
  or,
  str,
  struct,
  time,
  topLevel,
} from './dialect.ts';
import { defaultPodSpec, podTemplate } from './pods.ts';

function validateDeployment(object: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = child(object, 'spec');
  const template = child(spec, 'template');
  const found: Cause[] = [];
  const { replicas, selector } = spec;
  if (typeof replicas === 'number' && replicas < 0)
    found.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'));
  const labels = child(template['metadata'], 'labels');
  if (Object.entries(child(selector, 'matchLabels')).some(([key, value]) => labels[key] !== value))
    found.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  const podSpec = child(template, 'spec');
  const volumes = new Set(listAt(podSpec, 'volumes').map((one) => text(isObject(one) ? one['name'] : '')));
  const containers = listAt(podSpec, 'containers');
  if (containers.length === 0) found.push(required('spec.template.spec.containers'));
  containers.forEach((container, at) =>
    listAt(container, 'volumeMounts').forEach((mount, index) => {
      const name = text(isObject(mount) ? mount['name'] : '');
      if (volumes.has(name)) return;
      const field = `spec.template.spec.containers[${at}].volumeMounts[${index}].name`;
      found.push({ reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(name)}`, field });
    }),
  );
  if (old !== undefined && !equal(child(old, 'spec')['selector'], selector))
    found.push(invalidValue('spec.selector', selector ?? null, 'field is immutable'));
  return found;
}

const count = (part: 'spec' | 'status', name: string) => (object: ApiObject) => child(object, part)[name] ?? 0;
const ofContainers = (name: string) => (object: ApiObject) =>
  listAt(child(child(child(object, 'spec'), 'template'), 'spec'), 'containers')
    .map((one) => text(isObject(one) ? one[name] : ''))
    .join(',');
const deploymentColumns: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    description: 'Number of the pod with ready state',
    cell: (object) => `${count('status', 'readyReplicas')(object)}/${count('spec', 'replicas')(object)}`,
  },
  {
    name: 'Up-to-date',
    type: 'string',
    description:
      'Total number of non-terminating pods targeted by this deployment that have the desired template spec.',
    cell: count('status', 'updatedReplicas'),
  },
  {
    name: 'Available',
    type: 'string',
    description:
      'Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.',
    cell: count('status', 'availableReplicas'),
  },
  ageColumn,
  {
    name: 'Containers',
    type: 'string',
    description: 'Names of each container in the template.',
    priority: 1,
    cell: ofContainers('name'),
  },
  {
    name: 'Images',
    type: 'string',
    description: 'Images referenced by each container in the template.',
    priority: 1,
    cell: ofContainers('image'),
  },
  {
    name: 'Selector',
    type: 'string',
    description:
      "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
    priority: 1,
    cell: (object) => text(child(scaleOf(object), 'status')['selector']),
  },
];

const deployment = builtIn('apps', 'v1', 'deployments', 'Deployment', {
  status: true,
  scale: true,
  generation: true,
  unconditionalUpdate: true,
  shortNames: ['deploy'],
  categories: ['all'],
  schema: topLevel({
    spec: always(
      struct({
        replicas: or(int, 1),
        selector: labelSelector,
        template: always(podTemplate),
        strategy: always(
          or(
            struct({
              type: or(str, 'RollingUpdate'),
              rollingUpdate: struct({ maxUnavailable: or(intOrString, '25%'), maxSurge: or(intOrString, '25%') }),
            }),
            { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
          ),
        ),
        minReadySeconds: int,
        revisionHistoryLimit: or(int, 10),
        paused: bool,
        progressDeadlineSeconds: or(int, 600),
      }),
    ),
    status: always(
      or(
        struct({
          observedGeneration: int,
          replicas: int,
          updatedReplicas: int,
          readyReplicas: int,
          availableReplicas: int,
          unavailableReplicas: int,
          terminatingReplicas: int,
          conditions,
          collisionCount: int,
        }),
        {},
      ),
    ),
  }),
  columns: deploymentColumns,
  defaults: (object: JsonObject) => defaultPodSpec(child(child(child(object, 'spec'), 'template'), 'spec')),
  validate: validateDeployment,
});

const peers = list(
  struct({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    ipBlock: struct({ cidr: str, except: list(str) }),
  }),
);
const policyPorts = list(struct({ protocol: or(str, 'TCP'), port: intOrString, endPort: int }));
const cidr = /^([0-9]{1,3}\.){3}[0-9]{1,3}\/[0-9]{1,2}$|^[0-9a-fA-F:]+\/[0-9]{1,3}$/;

const networkPolicy = builtIn('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', {
  generation: true,
  unconditionalUpdate: true,
  shortNames: ['netpol'],
  schema: topLevel({
    spec: always(
      struct({
        podSelector: always(labelSelector),
        ingress: list(struct({ ports: policyPorts, from: peers })),
        egress: list(struct({ ports: policyPorts, to: peers })),
        policyTypes: list(str),
      }),
    ),
  }),
  defaults: (object) => {
    const spec = child(object, 'spec');
    if (object['spec'] !== undefined)
      spec['policyTypes'] ??= ['Ingress', ...(listAt(spec, 'egress').length > 0 ? ['Egress'] : [])];
  },
  validate: (object) =>
    [['ingress', 'from'] as const, ['egress', 'to'] as const].flatMap(([way, side]) =>
      listAt(child(object, 'spec'), way).flatMap((rule, at) =>
        listAt(rule, side).flatMap((peer, index): Cause[] => {
          const block = isObject(peer) ? peer['ipBlock'] : undefined;
          const value = isObject(block) ? text(block['cidr']) : '0.0.0.0/0';
          const why = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
          const field = `spec.${way}[${at}].${side}[${index}].ipBlock.cidr`;
          return cidr.test(value) ? [] : [invalidValue(field, value, why)];
        }),
      ),
    ),
});

const backend = struct({
  service: struct({ name: str, port: always(atomic(struct({ name: str, number: int }))) }),
  resource: atomic(struct({ apiGroup: str, kind: str, name: str })),
});

const ingress = builtIn('networking.k8s.io', 'v1', 'ingresses', 'Ingress', {
  status: true,
  generation: true,
  unconditionalUpdate: true,
  shortNames: ['ing'],
  schema: topLevel({
    spec: always(
      struct({
        ingressClassName: str,
        defaultBackend: backend,
        tls: list(struct({ hosts: list(str), secretName: str })),
        rules: list(
          struct({ host: str, http: struct({ paths: list(struct({ path: str, pathType: str, backend })) }) }),
        ),
      }),
    ),
    status: always(struct({ loadBalancer: always(struct({ ingress: list(anything) })) })),
  }),
  prepare: (object, old) => {
    if (old === undefined) object['status'] = { loadBalancer: {} };
  },
  validate: (object) =>
    listAt(child(object, 'spec'), 'rules').flatMap((rule, at) => {
      const field = `spec.rules[${at}]`;
      const host = text(isObject(rule) ? rule['host'] : '');
      const why = host === '' ? undefined : subdomainFault(host.replace(/^\*\./, ''));
      const paths = listAt(child(rule, 'http'), 'paths').flatMap((path, index) => {
        const place = `${field}.http.paths[${index}]`;
        const found: Cause[] = [];
        const given = text(isObject(path) ? path['path'] : '');
        if (!given.startsWith('/')) found.push(invalidValue(`${place}.path`, given, 'must be an absolute path'));
        const port = child(child(child(path, 'backend'), 'service'), 'port');
        if (Object.keys(port).length === 0 && isObject(child(path, 'backend')['service']))
          found.push(required(`${place}.backend`, 'port name or number is required'));
        return found;
      });
      return [...(why === undefined ? [] : [invalidValue(`${field}.host`, host, why)]), ...paths];
    }),
});

const podDisruptionBudget = builtIn('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
  status: true,
  generation: true,
  shortNames: ['pdb'],
  schema: topLevel({
    spec: always(
      struct({
        minAvailable: intOrString,
        maxUnavailable: intOrString,
        selector: labelSelector,
        unhealthyPodEvictionPolicy: str,
      }),
    ),
    status: always(
      struct({
        observedGeneration: int,
        disruptedPods: map(time),
        disruptionsAllowed: always(int),
        currentHealthy: always(int),
        desiredHealthy: always(int),
        expectedPods: always(int),
        conditions,
      }),
    ),
  }),
  prepare: (object, old) => {
    if (old === undefined)
      object['status'] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate: (object) => {
    const spec = child(object, 'spec');
    const found: Cause[] = [];
    const { minAvailable, maxUnavailable } = spec;
    if (minAvailable !== undefined && maxUnavailable !== undefined) {
      const whole: JsonObject = {
        MinAvailable: minAvailable,
        Selector: spec['selector'] ?? null,
        MaxUnavailable: maxUnavailable,
        UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
      };
      found.push(invalidValue('spec', whole, 'minAvailable and maxUnavailable cannot be both set'));
    }
    for (const [name, value] of Object.entries({ minAvailable, maxUnavailable }))
      if (typeof value === 'string' && Number(value.replace('%', '')) > 100)
        found.push(invalidValue(`spec.${name}`, value, 'must not be greater than 100%'));
    return found;
  },
});

const autoscaler = builtIn('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
  status: true,
  unconditionalUpdate: true,
  shortNames: ['hpa'],
  categories: ['all'],
  schema: topLevel({
    spec: always(
      struct({
        scaleTargetRef: always(struct({ kind: str, name: str, apiVersion: str })),
        minReplicas: or(int, 1),
        maxReplicas: always(int),
        metrics: list(anything),
        behavior: anything,
      }),
    ),
    status: always(
      struct({
        observedGeneration: int,
        lastScaleTime: time,
        currentReplicas: int,
        desiredReplicas: always(int),
        currentMetrics: list(anything),
        conditions: keyed(['type'], anything),
      }),
    ),
  }),
  prepare: (object, old) => {
    if (old === undefined) object['status'] = { desiredReplicas: 0, currentMetrics: null };
  },
  validate: (object) => {
    const { minReplicas, maxReplicas } = child(object, 'spec');
    const most: Json = maxReplicas ?? 0;
    return typeof minReplicas === 'number' && typeof most === 'number' && most < minReplicas
      ? [invalidValue('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')]
      : [];
  },
});

export const workloads: readonly ResourceType[] = [deployment, networkPolicy, ingress, podDisruptionBudget, autoscaler];
