/** Services, and how the public one is reached from outside the cluster. */
import type { V1Ingress, V1Service } from '@kubernetes/client-node';
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { planned, type Component, type Family } from './metadata.ts';

interface ServiceWish {
  readonly name: string;
  readonly component: Component;
  /** The name of the port, here and at the container. */
  readonly port: 'public' | 'internal' | 'metrics' | 'mcp';
  readonly number: number;
  readonly isTls: boolean;
  /** Whether requests of one address go to one pod, which has the session of their client. */
  readonly isSticky?: boolean;
}

/** None is more than a ClusterIP: what is reached from outside is so by an Ingress or a Gateway alone. */
export function service(
  family: Family,
  { name, component, port, number, isTls, isSticky }: ServiceWish,
): KubernetesObject {
  const object: V1Service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: family.metadata(name, component) },
    spec: {
      type: 'ClusterIP',
      selector: family.selector(component),
      ...(isSticky === true && { sessionAffinity: 'ClientIP' }),
      ports: [{ name: port, port: number, targetPort: port, protocol: 'TCP', appProtocol: isTls ? 'https' : 'http' }],
    },
  };
  return planned(object);
}

export type Exposure = NonNullable<MCPAuthServerSpec['expose']>;

interface ExposedWish {
  readonly component: Component;
  /** What clients know: its host is what the rule is for. */
  readonly url: string;
  readonly number: number;
}

/** The Ingress or the HTTPRoute for the host of the URL; nothing where none is wanted. */
export function exposed(
  family: Family,
  expose: Exposure | undefined,
  { component, url, number }: ExposedWish,
): readonly KubernetesObject[] {
  const { hostname: host } = new URL(url);
  if (expose?.ingress !== undefined) {
    const { className, annotations, tlsSecretRef } = expose.ingress;
    const object: V1Ingress = {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      metadata: family.metadata(family.name, component, annotations),
      spec: {
        ...(className !== undefined && { ingressClassName: className }),
        ...(tlsSecretRef !== undefined && { tls: [{ hosts: [host], secretName: tlsSecretRef.name }] }),
        rules: [
          {
            host,
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: family.name, port: { number } } } }],
            },
          },
        ],
      },
    };
    return [planned(object)];
  }
  if (expose?.httpRoute === undefined) return [];
  return [
    planned({
      ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
      metadata: family.metadata(family.name, component),
      spec: {
        parentRefs: expose.httpRoute.parentRefs,
        hostnames: [host],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: [{ name: family.name, port: number }],
          },
        ],
      },
    }),
  ];
}
