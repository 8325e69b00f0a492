/** A Deployment becomes ready as soon as it is seen, unless a test says what becomes of it. */
import type { Controller } from '../api-server/controllers.ts';
import { type ApiObject, child, equal, isObject, type JsonObject, listAt } from '../api-server/json.ts';
import { now } from '../api-server/lifecycle.ts';

/**
 * `never` is still on its way; `crash-loops` has run into `progressDeadlineSeconds`, and `stuck` as well while the pods
 * of before still serve.
 */
export type Fate = 'ready' | 'never' | 'crash-loops' | 'stuck';

/** `fateOf` is asked at every change, and by `api.controllers.again()`. */
export function deploymentController(fateOf: (deployment: ApiObject) => Fate = () => 'ready'): Controller {
  return {
    name: 'deployment-controller',
    async see(seen, client) {
      const { object, resource, type } = seen;
      if (resource !== 'apps/deployments' || type === 'DELETED') return;
      if (object.metadata.deletionTimestamp !== undefined) return;
      const path = client.pathOf(seen);
      const { body, status } = await client.send('GET', path);
      if (status !== 200) return;
      const before = child(body, 'status');
      const wanted = statusOf(body as ApiObject, fateOf(body as ApiObject));
      if (!equal(before, wanted)) await client.status(path, { ...cleared(before), ...wanted });
    },
  };
}

/** A merge patch takes away what it says is null. */
const cleared = (before: JsonObject): JsonObject => Object.fromEntries(Object.keys(before).map((name) => [name, null]));

function statusOf(deployment: ApiObject, fate: Fate): JsonObject {
  const wanted = Number(child(deployment, 'spec')['replicas'] ?? 1);
  const before = child(deployment, 'status');
  const name = deployment.metadata.name ?? '';
  const ready = fate === 'ready' ? wanted : fate === 'stuck' ? Number(before['readyReplicas'] ?? 0) : 0;
  const isAvailable = fate === 'ready' || ready > 0;
  const available = isAvailable
    ? condition('Available', true, 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : condition('Available', false, 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.');
  const timedOut = condition(
    'Progressing',
    false,
    'ProgressDeadlineExceeded',
    `ReplicaSet "${name}" has timed out progressing.`,
  );
  const progressing = {
    ready: condition(
      'Progressing',
      true,
      'NewReplicaSetAvailable',
      `ReplicaSet "${name}" has successfully progressed.`,
    ),
    never: condition('Progressing', true, 'ReplicaSetUpdated', `ReplicaSet "${name}" is progressing.`),
    'crash-loops': timedOut,
    stuck: timedOut,
  }[fate];
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...(wanted > 0 && { replicas: wanted, updatedReplicas: wanted }),
    ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    ...(wanted > ready && { unavailableReplicas: wanted - ready }),
    conditions: [available, progressing].map((one) => kept(one, before)),
  };
}

const condition = (type: string, holds: boolean, reason: string, message: string): JsonObject => ({
  ...{ type, status: holds ? 'True' : 'False', reason, message },
});

/** The moment of a condition is that of its last change. */
function kept(one: JsonObject, before: JsonObject): JsonObject {
  const old = listAt(before, 'conditions').find((it) => isObject(it) && it['type'] === one['type']);
  const was = isObject(old) ? old : {};
  const isSame = was['status'] === one['status'];
  const isEqual = isSame && was['reason'] === one['reason'] && was['message'] === one['message'];
  return {
    ...one,
    lastUpdateTime: isEqual ? (was['lastUpdateTime'] ?? now()) : now(),
    lastTransitionTime: isSame ? (was['lastTransitionTime'] ?? now()) : now(),
  };
}
