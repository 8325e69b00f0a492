/**
 * operator: Chatelaine on Kubernetes, from custom resources to everything that they stand for.
 *
 * Owns `crds/`: CustomResourceDefinitions and their reference, made of the schemas in `contract/kubernetes/`;
 * `certificates/`: which authorities and certificates there have to be, and what to do about it now; `references/`: what
 * of an object can be judged only beside the others; and `admission/`: the webhook that says so before it is stored.
 * Does not own: what a resource may say (the contract), what a certificate is and how one is signed (`tls`), and anything that
 * happens to a request: the pods run the commands that everybody runs.
 */
export * from './crds/index.ts';
export * from './certificates/index.ts';
export * from './references/index.ts';
export * from './admission/index.ts';
