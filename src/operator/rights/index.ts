/**
 * rights: what the operator may do at the API server, said once.
 *
 * The chart and the plain manifests are generated from it; a test records every request of the operator and holds the
 * two against each other, both ways: nothing is asked for that is not here, and nothing is here that is never asked for.
 *
 * Secrets are apart. No role of the operator lists or watches them, and none reaches all namespaces: those who may read
 * a Secret by its name may read every one of the namespace, since RBAC names no objects that are yet to be made. So a
 * namespace says itself, by a RoleBinding, that the operator may keep certificates in it.
 */
import { API_GROUP, CUSTOM_RESOURCES } from '#contract/kubernetes';

/** A rule of a Role or ClusterRole (`rbac.authorization.k8s.io/v1`). */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const WATCH = ['get', 'list', 'watch'] as const;
/** Made and corrected by server-side apply, which is a `patch`, and which makes what is not there with `create`. */
const KEPT = [...WATCH, 'create', 'patch'] as const;
/** What an object may stand for at one time and not at another. */
const OWN = [...KEPT, 'delete'] as const;

/** Kinds that stay while others refer to them. */
const HELD = [CUSTOM_RESOURCES.MCPExternalAuthConfig.plural, CUSTOM_RESOURCES.MCPGroup.plural];

const kinds = Object.values(CUSTOM_RESOURCES).map(({ plural }) => plural);
const about = (part: string): readonly string[] => kinds.map((plural) => `${plural}/${part}`);

/** What everything of the operator itself is called: its Deployment, its Lease, the ValidatingWebhookConfiguration. */
export const OPERATOR = 'chatelaine-operator';
/** The Service of the webhook, and what the names of its Secrets begin with. */
export const WEBHOOK_SERVICE = `${OPERATOR}-webhook`;
/** The ClusterRole that a namespace binds. */
export const SECRETS_ROLE = `${OPERATOR}-secrets`;

/** Wherever it looks after objects: in all namespaces, or in those that it was told. */
export const WATCHED: readonly PolicyRule[] = [
  { apiGroups: [API_GROUP], resources: kinds, verbs: WATCH },
  // For finalizers, which are in `metadata`; nothing of a spec is ever written.
  { apiGroups: [API_GROUP], resources: HELD, verbs: ['patch'] },
  { apiGroups: [API_GROUP], resources: about('status'), verbs: ['patch'] },
  // Where OwnerReferencesPermissionEnforcement is on: its children hold up the deletion of their owner.
  { apiGroups: [API_GROUP], resources: about('finalizers'), verbs: ['update'] },
  // Each object has the same ones for as long as it is there, and they go with it: nobody's data is deleted by us.
  { apiGroups: [''], resources: ['configmaps', 'persistentvolumeclaims'], verbs: KEPT },
  { apiGroups: [''], resources: ['serviceaccounts', 'services'], verbs: OWN },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: OWN },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: OWN },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: OWN },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: OWN },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: OWN },
  { apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs: OWN },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

/** In namespaces that say so: certificates and their keys. */
export const SECRETS: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'update'] },
];

/** In the namespace that it runs in. A rule with `create` can name no object. */
export const HOME: readonly PolicyRule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [OPERATOR], verbs: ['get', 'patch'] },
];

/** There as well, where there is a webhook: its certificate, which goes with the Deployment of the operator. */
export const WEBHOOK_HOME: readonly PolicyRule[] = [
  { apiGroups: ['apps'], resources: ['deployments'], resourceNames: [OPERATOR], verbs: ['get'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  {
    ...{ apiGroups: [''], resources: ['secrets'] },
    resourceNames: [`${WEBHOOK_SERVICE}-ca`, `${WEBHOOK_SERVICE}-cert`],
    verbs: ['get', 'update'],
  },
];

/** Of the cluster, where there is a webhook: whom the API server trusts when it asks. */
export const WEBHOOK: readonly PolicyRule[] = [
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
    resourceNames: [OPERATOR],
    verbs: ['get', 'patch'],
  },
];
