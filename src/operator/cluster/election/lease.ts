/** What a Lease (coordination.k8s.io/v1) says, and what one who wants to lead does about it. Pure. */
import { z } from 'zod';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { LEASES } from '../resources.ts';
import type { ObjectName } from '../resource.ts';

const leaseSpec = z.object({
  holderIdentity: z.string().nullish(),
  leaseDurationSeconds: z.number().nullish(),
  acquireTime: z.string().nullish(),
  renewTime: z.string().nullish(),
  leaseTransitions: z.number().nullish(),
});

export type LeaseSpec = z.output<typeof leaseSpec>;

/** A lease that says nothing we understand has no holder. */
export const specOf = (lease: KubernetesObject): LeaseSpec => leaseSpec.safeParse(lease['spec']).data ?? {};

/** A lease as one saw it, and when by one's own clock. */
export interface Observed {
  readonly lease: KubernetesObject;
  readonly since: number;
}

/**
 * Sees the lease again: the time counts from when it last changed. Of others' clocks nothing is believed: what
 * `renewTime` says is for people.
 */
export function observe(before: Observed | undefined, lease: KubernetesObject, now: number): Observed {
  const same =
    before !== undefined &&
    before.lease.metadata.uid === lease.metadata.uid &&
    before.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
  return same ? before : { lease, since: now };
}

/** Whether the lease may be taken: it is ours, or nobody's, or it stood unchanged for as long as it lasts. */
export function isFree({ lease, since }: Observed, identity: string, durationMs: number, now: number): boolean {
  const { holderIdentity, leaseDurationSeconds } = specOf(lease);
  if (!holderIdentity || holderIdentity === identity) return true;
  const lasts = Math.max(durationMs, (leaseDurationSeconds ?? 0) * 1000);
  return now - since > lasts;
}

/** The lease as held by us from now on. Times are the wall clock's. */
export function held(before: LeaseSpec | undefined, identity: string, durationMs: number, wallNow: number): LeaseSpec {
  const time = microTime(wallNow);
  const ours = before?.holderIdentity === identity;
  const turns = before?.leaseTransitions ?? 0;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: ours ? (before.acquireTime ?? time) : time,
    renewTime: time,
    leaseTransitions: ours || before === undefined ? turns : turns + 1,
  };
}

/** The lease as nobody's: the next may take it at once. */
export const released = (before: LeaseSpec, wallNow: number): LeaseSpec => ({
  holderIdentity: '',
  leaseDurationSeconds: 1,
  acquireTime: microTime(wallNow),
  renewTime: microTime(wallNow),
  leaseTransitions: before.leaseTransitions ?? 0,
});

export const leaseObject = (name: ObjectName, spec: LeaseSpec): KubernetesObject => ({
  apiVersion: LEASES.apiVersion,
  kind: LEASES.kind,
  metadata: { name: name.name, ...(name.namespace === undefined ? {} : { namespace: name.namespace }) },
  spec,
});

/** RFC 3339 with microseconds, as Kubernetes writes times that are compared. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
