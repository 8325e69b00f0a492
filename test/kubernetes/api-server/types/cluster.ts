/** Leases, roles and the newer events. */
import { child, isObject, listAt, type ApiObject } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, invalidValue } from '../statuses.ts';
import { builtIn } from './built-in.ts';
import { newEvent } from './events.ts';
import { always, atomic, int, list, microTime, str, struct, topLevel } from './dialect.ts';

const lease = builtIn('coordination.k8s.io', 'v1', 'leases', 'Lease', {
  createOnUpdate: true,
  schema: topLevel({
    spec: always(
      struct({
        holderIdentity: str,
        leaseDurationSeconds: int,
        acquireTime: microTime,
        renewTime: microTime,
        leaseTransitions: int,
        strategy: str,
        preferredHolder: str,
      }),
    ),
  }),
  validate: (object) => {
    const { leaseDurationSeconds: lasting, leaseTransitions: turns } = child(object, 'spec');
    return [
      ...(typeof lasting === 'number' && lasting <= 0
        ? [invalidValue('spec.leaseDurationSeconds', lasting, 'must be greater than 0')]
        : []),
      ...(typeof turns === 'number' && turns < 0
        ? [invalidValue('spec.leaseTransitions', turns, 'must be greater than or equal to 0')]
        : []),
    ];
  },
});

const rules = list(
  struct({
    verbs: list(str),
    apiGroups: list(str),
    resources: list(str),
    resourceNames: list(str),
    nonResourceURLs: list(str),
  }),
);
const binding = {
  subjects: list(struct({ kind: str, apiGroup: str, name: str, namespace: str })),
  roleRef: always(atomic(struct({ apiGroup: str, kind: str, name: str }))),
};
const fixedRole = (object: ApiObject, old: ApiObject | undefined): Cause[] => {
  const now = child(object, 'roleRef');
  const before = child(old, 'roleRef');
  if (old === undefined || (before['kind'] === now['kind'] && before['name'] === now['name'])) return [];
  const shown = { APIGroup: now['apiGroup'] ?? '', Kind: now['kind'] ?? '', Name: now['name'] ?? '' };
  return [invalidValue('roleRef', shown, 'cannot change roleRef')];
};
const bindingDefaults: ResourceType['defaults'] = (object) => {
  for (const subject of listAt(object, 'subjects'))
    if (isObject(subject) && subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= 'rbac.authorization.k8s.io';
};

const rbac = 'rbac.authorization.k8s.io';
const special = { unconditionalUpdate: true, nameRule: 'path' } as const;
const roleSchema = topLevel({ rules });
const bindingSchema = topLevel(binding);
const bindingRules = { schema: bindingSchema, validate: fixedRole, defaults: bindingDefaults };

export const cluster: readonly ResourceType[] = [
  lease,
  builtIn(rbac, 'v1', 'roles', 'Role', { ...special, schema: roleSchema }),
  builtIn(rbac, 'v1', 'clusterroles', 'ClusterRole', { ...special, namespaced: false, schema: roleSchema }),
  builtIn(rbac, 'v1', 'rolebindings', 'RoleBinding', { ...special, ...bindingRules }),
  builtIn(rbac, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', { ...special, ...bindingRules, namespaced: false }),
  newEvent,
];
