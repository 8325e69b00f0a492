/** The core group, v1. */
import { type ApiObject, child, equal, isObject, type JsonObject, text } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, forbiddenField, invalidValue } from '../statuses.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  bool,
  bytes,
  conditions,
  int,
  keyed,
  list,
  localReference,
  map,
  or,
  str,
  struct,
  time,
  topLevel,
} from './dialect.ts';
import { volumeClaim } from './volume-claims.ts';
import { coreEvent } from './events.ts';
import { service } from './services.ts';
import { defaultPodSpec, podSpec } from './pods.ts';

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

export const core: readonly ResourceType[] = [
  namespace,
  secret,
  configMap,
  service,
  serviceAccount,
  coreEvent,
  pod,
  volumeClaim,
];
