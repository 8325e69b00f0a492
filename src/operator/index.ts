/**
 * operator: Chatelaine on Kubernetes, from custom resources to everything that they stand for.
 *
 * Owns `crds/`: CustomResourceDefinitions and their reference, made of the schemas in `contract/kubernetes/`; `rights/`:
 * what it may do at the API server.
 * Does not own: what a resource may say (the contract), certificates and the names in them (`tls`), and anything that
 * happens to a request: the pods run the commands that everybody runs.
 */
export * from './crds/index.ts';
export * from './rights/index.ts';
