/** The kinds that are in every cluster, or come with what is installed beside us; others are added by whoever knows them. */
import { nearest } from '#kernel';
import type { KindOf } from '../kubernetes-object.ts';
import { clusterError } from './errors.ts';
import type { Resource } from './resource.ts';

const resource = (apiVersion: string, kind: string, plural: string, namespaced = true): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced,
});

export const LEASES = resource('coordination.k8s.io/v1', 'Lease', 'leases');
export const EVENTS = resource('events.k8s.io/v1', 'Event', 'events');
export const SECRETS = resource('v1', 'Secret', 'secrets');
export const CONFIG_MAPS = resource('v1', 'ConfigMap', 'configmaps');
export const SERVICES = resource('v1', 'Service', 'services');
export const SERVICE_ACCOUNTS = resource('v1', 'ServiceAccount', 'serviceaccounts');
export const PERSISTENT_VOLUME_CLAIMS = resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const PODS = resource('v1', 'Pod', 'pods');
export const NAMESPACES = resource('v1', 'Namespace', 'namespaces', false);
export const DEPLOYMENTS = resource('apps/v1', 'Deployment', 'deployments');
export const STATEFUL_SETS = resource('apps/v1', 'StatefulSet', 'statefulsets');
export const NETWORK_POLICIES = resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies');
export const INGRESSES = resource('networking.k8s.io/v1', 'Ingress', 'ingresses');
export const HTTP_ROUTES = resource('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes');
export const POD_DISRUPTION_BUDGETS = resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const POD_AUTOSCALERS = resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers');
export const CERTIFICATES = resource('cert-manager.io/v1', 'Certificate', 'certificates');
export const ISSUERS = resource('cert-manager.io/v1', 'Issuer', 'issuers');
export const VALIDATING_WEBHOOKS = resource(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  false,
);

const KNOWN: readonly Resource[] = [
  ...[LEASES, EVENTS, SECRETS, CONFIG_MAPS, SERVICES, SERVICE_ACCOUNTS, PERSISTENT_VOLUME_CLAIMS, PODS, NAMESPACES],
  ...[DEPLOYMENTS, STATEFUL_SETS, NETWORK_POLICIES, INGRESSES, HTTP_ROUTES, POD_DISRUPTION_BUDGETS, POD_AUTOSCALERS],
  ...[CERTIFICATES, ISSUERS, VALIDATING_WEBHOOKS],
];

const nameOf = ({ apiVersion, kind }: KindOf): string => `${apiVersion} ${kind}`;

/** From what an object says it is to where such objects are. */
export type ResourceOf = (kind: KindOf) => Resource;

/** The kinds above and `added` ones. Asked for another it throws `CLUSTER_KIND_UNKNOWN`. */
export function resourceCatalogue(added: readonly Resource[] = []): ResourceOf {
  const all = new Map([...KNOWN, ...added].map((one) => [nameOf(one), one]));
  return (kind) => {
    const found = all.get(nameOf(kind));
    if (found !== undefined) return found;
    const close = nearest(nameOf(kind), [...all.keys()]);
    const known = close === undefined ? '' : `; the nearest known is \`${close}\``;
    throw clusterError('CLUSTER_KIND_UNKNOWN', `nobody said where objects of \`${nameOf(kind)}\` are${known}`);
  };
}
