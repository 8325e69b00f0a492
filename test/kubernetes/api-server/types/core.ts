/** The core group, v1. */
import { isIP } from 'node:net';
import { type ApiObject, child, equal, isObject, type JsonObject, listAt, text } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, forbiddenField, invalidValue, required } from '../statuses.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  atomic,
  bool,
  bytes,
  conditions,
  int,
  intOrString,
  keyed,
  list,
  localReference,
  map,
  microTime,
  or,
  str,
  struct,
  time,
  topLevel,
} from './dialect.ts';
import { defaultPodSpec, podSpec } from './pods.ts';

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
export const isBase64 = (value: string): boolean => base64.test(value);

const namespace = builtIn('', 'v1', 'namespaces', 'Namespace', {
  namespaced: false,
  status: true,
  nameRule: 'label',
  shortNames: ['ns'],
  selectable: ['status.phase'],
  schema: topLevel({
    spec: always(struct({ finalizers: list(str) })),
    status: always(struct({ phase: str, conditions })),
  }),
  defaults: (object) => {
    const metadata = child(object, 'metadata');
    const name = text(metadata['name']);
    if (name !== '') metadata['labels'] = { ...child(metadata, 'labels'), 'kubernetes.io/metadata.name': name };
  },
  prepare: (object, old) => {
    if (old !== undefined) {
      const finalizers = old['spec'];
      if (finalizers !== undefined) object['spec'] = finalizers;
      return;
    }
    object['spec'] = { finalizers: ['kubernetes'] };
    object['status'] = { phase: 'Active' };
  },
});

const immutableData = (object: ApiObject, old: ApiObject | undefined): Cause[] => {
  if (old?.['immutable'] !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  return ['immutable', 'data', 'binaryData']
    .filter((name) => !equal(object[name], old[name]))
    .map((name) => forbiddenField(name, why));
};

const secret = builtIn('', 'v1', 'secrets', 'Secret', {
  unconditionalUpdate: true,
  selectable: ['type'],
  schema: topLevel({ immutable: bool, data: map(bytes), stringData: map(str), type: or(str, 'Opaque') }),
  prepare: (object) => {
    const plain = object['stringData'];
    delete object['stringData'];
    if (!isObject(plain)) return;
    const data = Object.entries(plain).map(([key, value]) => [key, Buffer.from(text(value)).toString('base64')]);
    object['data'] = { ...child(object, 'data'), ...Object.fromEntries(data) };
  },
  validate: (object, old) => [
    ...immutableData(object, old),
    ...(old !== undefined && old['type'] !== object['type']
      ? [invalidValue('type', object['type'] ?? '', 'field is immutable')]
      : []),
  ],
});

const configMap = builtIn('', 'v1', 'configmaps', 'ConfigMap', {
  unconditionalUpdate: true,
  shortNames: ['cm'],
  schema: topLevel({ immutable: bool, data: map(str), binaryData: map(bytes) }),
  validate: immutableData,
});

let addresses = 0;
const nextAddress = (): string => {
  addresses++;
  return `10.0.${addresses >> 8}.${addresses & 255}`;
};

function prepareService(object: ApiObject, old: ApiObject | undefined): void {
  const spec = child(object, 'spec');
  object['spec'] = spec;
  const kept = child(old, 'spec');
  if (spec['type'] === 'ExternalName') return;
  spec['clusterIP'] ??= kept['clusterIP'] ?? nextAddress();
  spec['clusterIPs'] = [spec['clusterIP'] ?? ''];
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  if (old === undefined) object['status'] = { loadBalancer: {} };
}

function validateService(object: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = child(object, 'spec');
  const ports = listAt(spec, 'ports');
  const found: Cause[] = [];
  const kept = listAt(child(old, 'spec'), 'clusterIPs');
  if (kept.length > 0 && !equal(kept, spec['clusterIPs']))
    found.push(invalidValue('spec.clusterIPs[0]', spec['clusterIPs'] ?? [], 'may not change once set'));
  else if (text(spec['clusterIP']) !== 'None' && isIP(text(spec['clusterIP'])) === 0 && spec['type'] !== 'ExternalName')
    found.push(invalidValue('spec.clusterIPs[0]', spec['clusterIPs'] ?? [], 'must be a valid IP address'));
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName')
    found.push(required('spec.ports'));
  ports.forEach((port, at) => {
    if (!isObject(port)) return;
    if (ports.length > 1 && text(port['name']) === '') found.push(required(`spec.ports[${at}].name`));
    for (const name of ['port', 'targetPort']) {
      const number = port[name];
      if (typeof number === 'number' && (number < 1 || number > 65535))
        found.push(invalidValue(`spec.ports[${at}].${name}`, number, 'must be between 1 and 65535, inclusive'));
    }
  });
  return found;
}

const service = builtIn('', 'v1', 'services', 'Service', {
  status: true,
  nameRule: 'label',
  unconditionalUpdate: true,
  deleteAnswersObject: true,
  shortNames: ['svc'],
  categories: ['all'],
  selectable: ['spec.clusterIP', 'spec.type'],
  schema: topLevel({
    spec: always(
      struct({
        ports: keyed(
          ['port', 'protocol'],
          struct({
            name: str,
            protocol: or(str, 'TCP'),
            appProtocol: str,
            port: int,
            targetPort: always(intOrString),
            nodePort: int,
          }),
        ),
        selector: atomic(map(str)),
        clusterIP: str,
        clusterIPs: list(str),
        type: or(str, 'ClusterIP'),
        externalIPs: list(str),
        sessionAffinity: or(str, 'None'),
        sessionAffinityConfig: anything,
        loadBalancerIP: str,
        loadBalancerSourceRanges: list(str),
        loadBalancerClass: str,
        allocateLoadBalancerNodePorts: bool,
        externalName: str,
        externalTrafficPolicy: str,
        internalTrafficPolicy: or(str, 'Cluster'),
        healthCheckNodePort: int,
        publishNotReadyAddresses: bool,
        ipFamilies: list(str),
        ipFamilyPolicy: str,
        trafficDistribution: str,
      }),
    ),
    status: always(struct({ loadBalancer: always(struct({ ingress: list(anything) })), conditions })),
  }),
  defaults: (object) => {
    for (const port of listAt(child(object, 'spec'), 'ports'))
      if (isObject(port) && port['port'] !== undefined) port['targetPort'] ??= port['port'];
  },
  prepare: prepareService,
  validate: validateService,
});

const serviceAccount = builtIn('', 'v1', 'serviceaccounts', 'ServiceAccount', {
  unconditionalUpdate: true,
  deleteAnswersObject: true,
  shortNames: ['sa'],
  schema: topLevel({
    secrets: keyed(['name'], anything),
    imagePullSecrets: list(localReference),
    automountServiceAccountToken: bool,
  }),
});

const reference = struct({
  kind: str,
  namespace: str,
  name: str,
  uid: str,
  apiVersion: str,
  resourceVersion: str,
  fieldPath: str,
});

const event = builtIn('', 'v1', 'events', 'Event', {
  createOnUpdate: true,
  unconditionalUpdate: true,
  shortNames: ['ev'],
  selectable: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'reason',
    'type',
  ],
  schema: topLevel({
    involvedObject: always(atomic(reference)),
    reason: str,
    message: str,
    source: always(struct({ component: str, host: str })),
    firstTimestamp: time,
    lastTimestamp: time,
    count: int,
    type: str,
    eventTime: microTime,
    series: struct({ count: int, lastObservedTime: microTime }),
    action: str,
    related: atomic(reference),
    reportingComponent: always(str),
    reportingInstance: always(str),
  }),
});

const pod = builtIn('', 'v1', 'pods', 'Pod', {
  status: true,
  generation: true,
  deleteAnswersObject: true,
  unconditionalUpdate: true,
  shortNames: ['po'],
  categories: ['all'],
  selectable: ['spec.nodeName', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  schema: topLevel({
    spec: always(podSpec),
    status: always(
      struct({
        observedGeneration: int,
        phase: str,
        conditions,
        message: str,
        reason: str,
        hostIP: str,
        podIP: str,
        podIPs: keyed(['ip'], struct({ ip: str })),
        startTime: time,
        containerStatuses: list(anything),
        initContainerStatuses: list(anything),
        qosClass: str,
      }),
    ),
  }),
  defaults: (object: JsonObject) => defaultPodSpec(child(object, 'spec')),
  prepare: (object, old) => {
    if (old === undefined) object['status'] = { phase: 'Pending', qosClass: 'BestEffort' };
  },
});

export const core: readonly ResourceType[] = [namespace, secret, configMap, service, serviceAccount, event, pod];
