/** What runs the pods, and what keeps enough of them. */
import type {
  V1ConfigMap,
  V1Deployment,
  V1PersistentVolumeClaim,
  V1PodDisruptionBudget,
  V1PodTemplateSpec,
  V1ServiceAccount,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { planned, type Component, type Family } from './metadata.ts';

export type Autoscaling = NonNullable<MCPAuthServerSpec['autoscaling']>;

interface DeploymentWish {
  readonly name: string;
  readonly component: Component;
  /** Undefined where an autoscaler says it. */
  readonly replicas: number | undefined;
  /** Whether its volume is one that a single pod has at a time: the next begins when the last has ended. */
  readonly isAlone: boolean;
  readonly template: V1PodTemplateSpec;
}

export function deployment(family: Family, wish: DeploymentWish): KubernetesObject {
  const object: V1Deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: family.metadata(wish.name, wish.component) },
    spec: {
      ...(wish.replicas !== undefined && { replicas: wish.replicas }),
      revisionHistoryLimit: 3,
      selector: { matchLabels: family.selector(wish.component) },
      strategy: wish.isAlone
        ? { type: 'Recreate' }
        : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: wish.template,
    },
  };
  return planned(object);
}

/** Pods talk to no API server: the account is there so that nobody gives rights to `default` and means these. */
export function serviceAccount(family: Family, name: string, component: Component): KubernetesObject {
  const object: V1ServiceAccount = {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: family.metadata(name, component) },
    automountServiceAccountToken: false,
  };
  return planned(object);
}

export function configMap(
  family: Family,
  name: string,
  component: Component,
  data: Readonly<Record<string, string>>,
): KubernetesObject {
  const object: V1ConfigMap = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: family.metadata(name, component) },
    data: { ...data },
  };
  return planned(object);
}

export function volumeClaim(
  family: Family,
  name: string,
  component: Component,
  { size = '1Gi', storageClassName }: { readonly size?: string; readonly storageClassName?: string | undefined } = {},
): KubernetesObject {
  const object: V1PersistentVolumeClaim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: family.metadata(name, component) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: size } },
    },
  };
  return planned(object);
}

/** For one pod there is none: it could only be in the way of whoever empties a node. */
export function disruptionBudget(
  family: Family,
  name: string,
  component: Component,
  most: number,
): readonly KubernetesObject[] {
  if (most <= 1) return [];
  const object: V1PodDisruptionBudget = {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: family.metadata(name, component) },
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: family.selector(component) },
      // A pod that does not serve protects nobody by staying.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
  return [planned(object)];
}

export function autoscaler(
  family: Family,
  component: Component,
  autoscaling: Autoscaling | undefined,
): readonly KubernetesObject[] {
  if (autoscaling === undefined) return [];
  const { minReplicas, maxReplicas, targetCPUUtilization } = autoscaling;
  const object: V2HorizontalPodAutoscaler = {
    ...{
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: family.metadata(family.name, component),
    },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: family.name },
      ...{ minReplicas, maxReplicas },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCPUUtilization } },
        },
      ],
    },
  };
  return [planned(object)];
}
