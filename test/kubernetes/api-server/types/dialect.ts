/** Short words to write the schemas of built-in types in. */
import type { Json } from '../json.ts';
import type { Schema } from '../schema.ts';

export const str: Schema = { type: 'string' };
export const int: Schema = { type: 'integer' };
export const bool: Schema = { type: 'boolean' };
export const quantity: Schema = { 'x-kubernetes-int-or-string': true, format: 'quantity' };
export const intOrString: Schema = { 'x-kubernetes-int-or-string': true };
export const time: Schema = { type: 'string', format: 'date-time' };
export const microTime: Schema = { type: 'string', format: 'micro-time' };
export const bytes: Schema = { type: 'string', format: 'byte' };
/** Anything, owned field by field. */
export const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

export const struct = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
export const always = (schema: Schema): Schema => ({ ...schema, always: true });
export const map = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties });
export const atomic = (schema: Schema): Schema => ({ ...schema, 'x-kubernetes-map-type': 'atomic' });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const set = (items: Schema): Schema => ({ type: 'array', items, 'x-kubernetes-list-type': 'set' });
export const keyed = (keys: readonly string[], items: Schema, mergeKey = keys[0] ?? ''): Schema => ({
  type: 'array',
  items,
  mergeKey,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});
export const or = (schema: Schema, value: Json): Schema => ({ ...schema, default: value });

export const labelSelector = atomic(
  struct({
    matchLabels: map(str),
    matchExpressions: list(struct({ key: str, operator: str, values: list(str) })),
  }),
);
export const localReference = atomic(struct({ name: str }));
export const conditions = keyed(
  ['type'],
  struct({
    type: str,
    status: str,
    observedGeneration: int,
    lastTransitionTime: time,
    lastUpdateTime: time,
    lastProbeTime: time,
    lastHeartbeatTime: time,
    reason: str,
    message: str,
  }),
);

/** The metadata every object has. */
export const objectMeta: Schema = struct({
  name: str,
  generateName: str,
  namespace: str,
  selfLink: str,
  uid: str,
  resourceVersion: str,
  generation: int,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: int,
  labels: map(str),
  annotations: map(str),
  ownerReferences: keyed(
    ['uid'],
    atomic(struct({ apiVersion: str, kind: str, name: str, uid: str, controller: bool, blockOwnerDeletion: bool })),
  ),
  finalizers: set(str),
  managedFields: list(atomic(anything)),
});

export const topLevel = (properties: Readonly<Record<string, Schema>>): Schema =>
  struct({ apiVersion: str, kind: str, metadata: always(objectMeta), ...properties });
