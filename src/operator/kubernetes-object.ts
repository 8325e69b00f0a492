/** An object of the Kubernetes API, as JSON has it: what is planned, applied, read and watched. */

/** Names the kind of an object. */
export interface KindOf {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface OwnerReference extends KindOf {
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** `metadata`; what the API server alone writes is there on what was read, and not on what is planned. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface KubernetesObject extends KindOf {
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}
