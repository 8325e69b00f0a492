/**
 * operator: Chatelaine on Kubernetes, from custom resources to everything that they stand for.
 *
 * Owns `crds/`: CustomResourceDefinitions and their reference, made of the schemas in `contract/kubernetes/`; `rights/`: what
 * it may do at the API server; `cluster/`: the API server, what is there and how it is made what it should be;
 * `references/`: what of an object can be judged only beside the others; `plan/`: which objects one stands for;
 * `certificates/`: which authorities and certificates there have to be; `admission/`: the webhook; `controllers/`: all of it
 * together, one a kind.
 *
 * Does not own: what a resource may say (the contract), how certificates are signed (`tls`), and anything that happens
 * to a request: the pods run the commands that everybody runs.
 */
export * from './crds/index.ts';
export * from './rights/index.ts';
export { directAccess, kubeConfigAccess, serviceAccountAccess, type ApiAccess } from './cluster/index.ts';
export * from './plan/index.ts';
export { webhookConfiguration, type WebhookPlace } from './admission/index.ts';
export { startOperator, type OperatorOptions, type RunningOperator } from './controllers/index.ts';
export type { KindOf, KubernetesObject, ObjectMetadata, OwnerReference } from './kubernetes-object.ts';
