/**
 * operator/cluster: what an operator needs of an API server. It knows no kind of ours.
 *
 * From below: `connection/` asks the API server, as whom a kubeconfig or a service account says. `cache/` keeps objects
 * of a kind as they are there, through cuts and lost history. `queue/` says when something is done about a key.
 * `election/` lets one process of several do it. `apply/` makes objects what they are planned to be, and nobody else's.
 * `events/` tells people, `metrics/` machines. `resource` and `resources` say where objects of a kind are.
 *
 * Time, timers and randomness come in as arguments: `steadyClock` where something lasts, `systemClock` where people read
 * a time, `systemTimers` to wait.
 */
export * from './apply/index.ts';
export * from './cache/index.ts';
export * from './connection/index.ts';
export * from './election/index.ts';
export * from './events/index.ts';
export * from './metrics/index.ts';
export * from './queue/index.ts';
export type { Backoff } from './backoff.ts';
export { clusterError } from './errors.ts';
export { keyOf, nameOfKey, resourceTitle, type ObjectName, type Resource, type Scope } from './resource.ts';
export * from './resources.ts';
export { pause, systemTimers, type Timers } from './timers.ts';
