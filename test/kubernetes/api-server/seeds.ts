/** What is there as soon as a server runs. */
import { randomUUID } from 'node:crypto';
import { now } from './lifecycle.ts';
import type { Store } from './store.ts';

export function seed(store: Store): void {
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) seedNamespace(store, name);
  for (const name of ['extension-apiserver-authentication', 'kube-apiserver-legacy-service-account-token-tracking'])
    seedConfigMap(store, name);
}

/** Two ConfigMaps a server makes for itself as soon as it runs. */
function seedConfigMap(store: Store, name: string): void {
  const data = { 'client-ca-file': 'a certificate' };
  const time = now();
  const fieldsV1 = { 'f:data': { '.': {}, 'f:client-ca-file': {} } };
  const writer = { manager: 'kube-apiserver', operation: 'Update', apiVersion: 'v1', time, fieldsType: 'FieldsV1' };
  const metadata = { name, namespace: 'kube-system', uid: randomUUID(), creationTimestamp: time };
  store.put('/configmaps', {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { ...metadata, managedFields: [{ ...writer, fieldsV1 }] },
    data,
  });
}

function seedNamespace(store: Store, name: string): void {
  const metadata = { name, labels: { 'kubernetes.io/metadata.name': name }, creationTimestamp: now() };
  const spec = { finalizers: ['kubernetes'] };
  store.put('/namespaces', {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { ...metadata, uid: randomUUID() },
    spec,
    status: { phase: 'Active' },
  });
}
