/** `metadata` of what is planned, and the labels that pods are found by. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { API_GROUP, API_VERSION } from '#contract/kubernetes';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { Planned } from '../plan.ts';

export type OwningKind = 'MCPAuthServer' | 'MCPServer' | 'MCPGateway';
export type Component = 'authserver' | 'proxy' | 'server';

const APP = 'app.kubernetes.io';

/** What pods are selected by: it never changes, as selectors of Deployments must not. */
export const selectorOf = (kind: OwningKind, name: string, component: Component): Record<string, string> => ({
  [`${API_GROUP}/kind`]: kind,
  [`${API_GROUP}/name`]: name,
  [`${APP}/component`]: component,
});

/** The label of pods that stand before servers of a group, or are among them. */
export const GROUP_LABEL = `${API_GROUP}/group`;

/** Of one resource: what its children have in common. */
export class Family {
  readonly kind: OwningKind;
  readonly name: string;
  readonly namespace: string;
  readonly #uid: string;

  constructor(kind: OwningKind, { metadata }: Planned<unknown>) {
    this.kind = kind;
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.#uid = metadata.uid;
  }

  labels(component: Component): Record<string, string> {
    return {
      [`${APP}/name`]: component === 'server' ? 'mcp-server' : 'chatelaine',
      [`${APP}/instance`]: this.name,
      [`${APP}/managed-by`]: 'chatelaine-operator',
      ...selectorOf(this.kind, this.name, component),
    };
  }

  selector(component: Component): Record<string, string> {
    return selectorOf(this.kind, this.name, component);
  }

  metadata(name: string, component: Component, annotations?: Readonly<Record<string, string>>): V1ObjectMeta {
    return {
      ...{ name, namespace: this.namespace, labels: this.labels(component) },
      ...(annotations !== undefined && Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
      ownerReferences: [
        {
          ...{ apiVersion: API_VERSION, kind: this.kind, name: this.name, uid: this.#uid },
          ...{ controller: true, blockOwnerDeletion: true },
        },
      ],
    };
  }
}

/**
 * What was written with the types of the client, as what is applied: JSON, in which nothing is undefined, and no list
 * empty: API servers keep none, so that it would look as if somebody had taken it away.
 */
export const planned = (object: object): KubernetesObject =>
  JSON.parse(JSON.stringify(object), (_, value: unknown) =>
    Array.isArray(value) && value.length === 0 ? undefined : value,
  ) as KubernetesObject;
