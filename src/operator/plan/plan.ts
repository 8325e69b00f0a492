/** What planning takes and gives, whatever the kind. */
import type { Result } from '#kernel';
import type { KubernetesObject } from '../kubernetes-object.ts';

/** A custom resource, as far as its children depend on it. */
export interface Planned<Spec> {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: Spec;
}

/** Of this installation of the operator. */
export interface OperatorFacts {
  /** The image that it runs itself, and pods where nothing else is said. */
  readonly image: string;
}

/** One key of a ConfigMap in the namespace of the resource. */
export interface ConfigMapKey {
  readonly name: string;
  readonly key: string;
}

/** Why a resource stands for nothing: where, and what to do. Paths are those of the resource, as `spec.podTemplate`. */
export interface PlanFault {
  readonly path: string;
  readonly message: string;
}

export interface Plan {
  readonly objects: readonly KubernetesObject[];
  /** `chatelaine.dev/config-hash` of the pods: what their processes cannot read again while they run. */
  readonly configHash: string;
}

/** All of it, or every reason why not. */
export type PlanResult = Result<Plan, readonly PlanFault[]>;
