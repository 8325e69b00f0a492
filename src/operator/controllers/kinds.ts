/** Where objects of our kinds are, and what else is watched. */
import { API_VERSION, CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import {
  CERTIFICATES,
  CONFIG_MAPS,
  DEPLOYMENTS,
  HTTP_ROUTES,
  INGRESSES,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  POD_AUTOSCALERS,
  POD_DISRUPTION_BUDGETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  type Resource,
} from '../cluster/index.ts';

export const KINDS = Object.keys(CUSTOM_RESOURCES) as readonly CustomResourceKind[];

export const OUR_RESOURCES = Object.fromEntries(
  KINDS.map((kind) => [
    kind,
    { apiVersion: API_VERSION, kind, plural: CUSTOM_RESOURCES[kind].plural, namespaced: true },
  ]),
) as Readonly<Record<CustomResourceKind, Resource>>;

/** What we make of objects, in every cluster. ConfigMaps of others are read as well: policies, toolsets, authorities. */
export const CHILD_RESOURCES: readonly Resource[] = [
  ...[CONFIG_MAPS, DEPLOYMENTS, INGRESSES, NETWORK_POLICIES, PERSISTENT_VOLUME_CLAIMS, POD_AUTOSCALERS],
  ...[POD_DISRUPTION_BUDGETS, SERVICE_ACCOUNTS, SERVICES],
];

/** What comes with something that is installed beside us, or does not. */
export const OPTIONAL_RESOURCES: readonly Resource[] = [CERTIFICATES, HTTP_ROUTES];

export const isOurKind = (kind: string): kind is CustomResourceKind => Object.hasOwn(CUSTOM_RESOURCES, kind);
