/** Nobody grants what they do not have themselves, unless a rule says that they may (`escalate`, `bind`). */
import type { Attributes } from './attributes.ts';
import { type Caller, isMaster } from './callers.ts';
import { type ApiObject, child, equal, listAt, text } from './json.ts';
import type { ResourceType } from './resource-type.ts';
import type { Rights, Rule } from './rights.ts';
import { forbidden } from './statuses.ts';

const group = 'rbac.authorization.k8s.io';

export function checkEscalation(
  rights: Rights,
  caller: Caller,
  type: ResourceType,
  object: ApiObject,
  old?: ApiObject,
): void {
  if (type.group !== group || isMaster(caller)) return;
  const { name = '', namespace = '' } = object.metadata;
  const isBinding = type.plural.endsWith('bindings');
  const { kind, name: role } = child(object, 'roleRef');
  const rules = isBinding
    ? rights.rulesOf(text(kind), text(role), namespace)
    : (listAt(object, 'rules') as unknown as Rule[]);
  if (old !== undefined && equal(listAt(old, 'rules'), listAt(object, 'rules')) && !isBinding) return;
  const resource = isBinding ? `${text(kind).toLowerCase()}s` : type.plural;
  const leave = { verb: isBinding ? 'bind' : 'escalate', group, resource, subresource: '', namespace, path: '' };
  if (rights.allowing(caller, { ...leave, name: isBinding ? text(role) : name }) !== undefined) return;
  const lacking = rules.filter((rule) =>
    asked(rule, namespace).some((one) => rights.allowing(caller, one) === undefined),
  );
  if (lacking.length === 0) return;
  const groups = caller.groups.map((one) => JSON.stringify(one)).join(' ');
  throw forbidden(
    type,
    name,
    `user "${caller.username}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${lacking.map(shown).join('\n')}`,
  );
}

function asked(
  { verbs, apiGroups = [], resources = [], resourceNames = [''], nonResourceURLs = [] }: Rule,
  namespace: string,
): Attributes[] {
  return verbs.flatMap((verb) => [
    ...nonResourceURLs.map((path) => ({
      verb,
      group: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path,
    })),
    ...apiGroups.flatMap((group) =>
      resources.flatMap((whole) =>
        resourceNames.map((name) => {
          const [resource = '', subresource = ''] = whole.split('/');
          return { verb, group, resource, subresource, namespace, name, path: '' };
        }),
      ),
    ),
  ]);
}

function shown({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    ResourceNames: resourceNames,
    NonResourceURLs: nonResourceURLs,
    Verbs: verbs,
  };
  const said = Object.entries(parts).flatMap(([name, list]) =>
    list === undefined || list.length === 0 ? [] : [`${name}:[${list.map((one) => JSON.stringify(one)).join(' ')}]`],
  );
  return `{${said.join(', ')}}`;
}
