/**
 * operator/cluster/metrics: what is measured, as a port (`observer`) and for Prometheus (`prometheus`, loaded late).
 */
import type { Registry } from 'prom-client';
import type { ClusterObserver } from './observer.ts';
import type { ClusterGauges } from './prometheus.ts';

export { lateObserver } from './late-observer.ts';
export { silentObserver, type ClusterObserver } from './observer.ts';
export type { ClusterGauges } from './prometheus.ts';

/** Registers the metrics, once. */
export async function registerClusterMetrics(register: Registry, gauges: ClusterGauges): Promise<ClusterObserver> {
  const { clusterMetrics } = await import('./prometheus.ts');
  return clusterMetrics(register, gauges);
}
