/**
 * operator: Chatelaine on Kubernetes, from custom resources to everything that they stand for.
 *
 * Owns `crds/`: CustomResourceDefinitions and their reference, made of the schemas in `contract/kubernetes/`; and
 * `cluster/`: the API server, what is there and how it is made what it should be.
 * Owns `crds/`: CustomResourceDefinitions and their reference, made of the schemas in `contract/kubernetes/`; `rights/`:
 * what it may do at the API server.
 * Does not own: what a resource may say (the contract), certificates and the names in them (`tls`), and anything that
 * happens to a request: the pods run the commands that everybody runs.
 */
export * from './cluster/index.ts';
export * from './crds/index.ts';
export * from './plan/index.ts';
export type { KindOf, KubernetesObject, ObjectMetadata, OwnerReference } from './kubernetes-object.ts';
export * from './rights/index.ts';
