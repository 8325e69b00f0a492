/** What surrounds pods: apps/v1, policy/v1, autoscaling/v2. */
import { type ApiObject, child, equal, isObject, type Json, type JsonObject, listAt, text } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, invalidValue, required } from '../statuses.ts';
import { deploymentColumns } from './deployment-columns.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  bool,
  conditions,
  int,
  intOrString,
  keyed,
  labelSelector,
  list,
  map,
  or,
  str,
  struct,
  time,
  topLevel,
} from './dialect.ts';
import { defaultPodSpec, podTemplate } from './pods.ts';

function validateDeployment(object: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = child(object, 'spec');
  const template = child(spec, 'template');
  const found: Cause[] = [];
  const { replicas, selector } = spec;
  if (typeof replicas === 'number' && replicas < 0)
    found.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'));
  const labels = child(template['metadata'], 'labels');
  if (Object.entries(child(selector, 'matchLabels')).some(([key, value]) => labels[key] !== value))
    found.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  const podSpec = child(template, 'spec');
  const volumes = new Set(listAt(podSpec, 'volumes').map((one) => text(isObject(one) ? one['name'] : '')));
  const containers = listAt(podSpec, 'containers');
  if (containers.length === 0) found.push(required('spec.template.spec.containers'));
  containers.forEach((container, at) =>
    listAt(container, 'volumeMounts').forEach((mount, index) => {
      const name = text(isObject(mount) ? mount['name'] : '');
      if (volumes.has(name)) return;
      const field = `spec.template.spec.containers[${at}].volumeMounts[${index}].name`;
      found.push({ reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(name)}`, field });
    }),
  );
  if (old !== undefined && !equal(child(old, 'spec')['selector'], selector))
    found.push(invalidValue('spec.selector', selector ?? null, 'field is immutable'));
  return found;
}

const deployment = builtIn('apps', 'v1', 'deployments', 'Deployment', {
  status: true,
  scale: true,
  generation: true,
  unconditionalUpdate: true,
  shortNames: ['deploy'],
  categories: ['all'],
  schema: topLevel({
    spec: always(
      struct({
        replicas: or(int, 1),
        selector: labelSelector,
        template: always(podTemplate),
        strategy: always(
          or(
            struct({
              type: or(str, 'RollingUpdate'),
              rollingUpdate: struct({ maxUnavailable: or(intOrString, '25%'), maxSurge: or(intOrString, '25%') }),
            }),
            { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
          ),
        ),
        minReadySeconds: int,
        revisionHistoryLimit: or(int, 10),
        paused: bool,
        progressDeadlineSeconds: or(int, 600),
      }),
    ),
    status: always(
      or(
        struct({
          observedGeneration: int,
          replicas: int,
          updatedReplicas: int,
          readyReplicas: int,
          availableReplicas: int,
          unavailableReplicas: int,
          terminatingReplicas: int,
          conditions,
          collisionCount: int,
        }),
        {},
      ),
    ),
  }),
  columns: deploymentColumns,
  defaults: (object: JsonObject) => defaultPodSpec(child(child(child(object, 'spec'), 'template'), 'spec')),
  validate: validateDeployment,
});

const podDisruptionBudget = builtIn('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
  status: true,
  generation: true,
  shortNames: ['pdb'],
  schema: topLevel({
    spec: always(
      struct({
        minAvailable: intOrString,
        maxUnavailable: intOrString,
        selector: labelSelector,
        unhealthyPodEvictionPolicy: str,
      }),
    ),
    status: always(
      struct({
        observedGeneration: int,
        disruptedPods: map(time),
        disruptionsAllowed: always(int),
        currentHealthy: always(int),
        desiredHealthy: always(int),
        expectedPods: always(int),
        conditions,
      }),
    ),
  }),
  prepare: (object, old) => {
    if (old === undefined)
      object['status'] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate: (object) => {
    const spec = child(object, 'spec');
    const found: Cause[] = [];
    const { minAvailable, maxUnavailable } = spec;
    if (minAvailable !== undefined && maxUnavailable !== undefined) {
      const whole: JsonObject = {
        MinAvailable: minAvailable,
        Selector: spec['selector'] ?? null,
        MaxUnavailable: maxUnavailable,
        UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
      };
      found.push(invalidValue('spec', whole, 'minAvailable and maxUnavailable cannot be both set'));
    }
    for (const [name, value] of Object.entries({ minAvailable, maxUnavailable }))
      if (typeof value === 'string' && Number(value.replace('%', '')) > 100)
        found.push(invalidValue(`spec.${name}`, value, 'must not be greater than 100%'));
    return found;
  },
});

const autoscaler = builtIn('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
  status: true,
  unconditionalUpdate: true,
  shortNames: ['hpa'],
  categories: ['all'],
  schema: topLevel({
    spec: always(
      struct({
        scaleTargetRef: always(struct({ kind: str, name: str, apiVersion: str })),
        minReplicas: or(int, 1),
        maxReplicas: always(int),
        metrics: list(anything),
        behavior: anything,
      }),
    ),
    status: always(
      struct({
        observedGeneration: int,
        lastScaleTime: time,
        currentReplicas: int,
        desiredReplicas: always(int),
        currentMetrics: list(anything),
        conditions: keyed(['type'], anything),
      }),
    ),
  }),
  prepare: (object, old) => {
    if (old === undefined) object['status'] = { desiredReplicas: 0, currentMetrics: null };
  },
  validate: (object) => {
    const { minReplicas, maxReplicas } = child(object, 'spec');
    const most: Json = maxReplicas ?? 0;
    return typeof minReplicas === 'number' && typeof most === 'number' && most < minReplicas
      ? [invalidValue('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')]
      : [];
  },
});

export const workloads: readonly ResourceType[] = [deployment, podDisruptionBudget, autoscaler];
