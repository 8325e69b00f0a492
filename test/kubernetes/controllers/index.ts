/**
 * Controllers of a cluster, as far as tests of an operator need them, for `startApiServer({ controllers: [...] })`.
 *
 * Each is one file, acts by requests alone, and is its own user (`system:serviceaccount:kube-system:NAME`), so that
 * what it did is told apart in `api.requests`. What they leave out: there are no ReplicaSets and no Pods behind a
 * Deployment, no storage behind a claim; the garbage collector works in the background only, so `Foreground` and
 * `Orphan` wait for ever; cert-manager signs with one authority, whatever the issuer is.
 */
export { certManager, CERT_MANAGER_GROUP } from './cert-manager.ts';
export { deploymentController, type Fate } from './deployments.ts';
export { garbageCollector } from './garbage-collector.ts';
export { namespaceController } from './namespaces.ts';
export { volumeBinder } from './volume-claims.ts';
