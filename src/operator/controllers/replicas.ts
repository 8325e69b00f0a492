/** How many pods there are where an autoscaler says it: the field goes over to it without a gap. Pure. */
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import { isRecord } from '#kernel';
import { ownFields } from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';

/**
 * A planned Deployment that says no number is given the one that it has, for as long as nobody else set it: a field that
 * is not applied any more is taken off, and the API server puts 1 there until the autoscaler looks again. `live` is the
 * Deployment of that name as it was last seen.
 */
export function leftToScale(
  object: KubernetesObject,
  live: KubernetesObject | undefined,
  autoscaling: MCPAuthServerSpec['autoscaling'],
): KubernetesObject {
  if (autoscaling === undefined || object.kind !== 'Deployment') return object;
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const isOurs = live === undefined || ownFields(live)?.['f:spec']?.['f:replicas'] !== undefined;
  if (spec['replicas'] !== undefined || !isOurs) return object;
  const before = isRecord(live?.['spec']) ? live['spec']['replicas'] : undefined;
  // At 0 an autoscaler does nothing.
  const replicas = typeof before === 'number' && before > 0 ? before : autoscaling.minReplicas;
  return { ...object, spec: { ...spec, replicas } };
}
