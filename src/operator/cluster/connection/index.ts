/**
 * operator/cluster/connection: requests to the API server, and who we are there.
 *
 * `access` is the port of how it is reached; `kube-config` fills it in with @kubernetes/client-node (exec plugins, files
 * that change), which it loads when asked. `connection` has the verbs; `exchange` sends and `deadline` gives up;
 * `objects` and `lines` read what comes, `status` makes errors of refusals.
 */
export { directAccess, type ApiAccess, type Credentials } from './access.ts';
export { kubeConfigAccess, serviceAccountAccess } from './kube-config.ts';
export {
  ApiConnection,
  type CallOptions,
  type DeleteOptions,
  type ListOptions,
  type WatchOptions,
  type WriteOptions,
} from './connection.ts';
export type { Page, WatchEvent } from './objects.ts';
export { hasCode, readStatus, refusalError } from './status.ts';
