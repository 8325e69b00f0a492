/** RBAC: what the roles in the store, bound to a caller, let them do. */
import type { Attributes } from './attributes.ts';
import { type Caller, isMaster } from './callers.ts';
import { child, isObject, type JsonObject, listAt, text } from './json.ts';
import { everyonesRoles } from './everyones-roles.ts';
import type { Store } from './store.ts';

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface Grant {
  readonly rules: readonly Rule[];
  /** How it comes to the caller, in the words of a review. */
  readonly through: string;
}

const bindings = 'rbac.authorization.k8s.io';

export class Rights {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Why it is allowed; `undefined` where it is not. */
  allowing(caller: Caller, wanted: Attributes): string | undefined {
    if (isMaster(caller)) return '';
    const grant = this.grants(caller, wanted.namespace).find(({ rules }) => rules.some((rule) => covers(rule, wanted)));
    return grant === undefined ? undefined : `RBAC: allowed by ${grant.through}`;
  }

  /** All that is granted in a namespace; at the cluster scope for `''`. */
  grants(caller: Caller, namespace: string): Grant[] {
    const own = everyonesRoles
      .filter(({ group }) => caller.groups.includes(group))
      .map(({ name, group, rules }) => ({
        rules,
        through: `ClusterRoleBinding "${name}" of ClusterRole "${name}" to Group "${group}"`,
      }));
    const wide = this.#store.list(`${bindings}/clusterrolebindings`, '');
    const narrow = namespace === '' ? [] : this.#store.list(`${bindings}/rolebindings`, namespace);
    const bound = [...wide, ...narrow].flatMap((binding): Grant[] => {
      const subject = listAt(binding, 'subjects').find((one) => isObject(one) && isSubject(one, caller, namespace));
      if (!isObject(subject)) return [];
      const { kind, name } = child(binding, 'roleRef');
      const place = binding.metadata.namespace;
      const title = `${binding.metadata.name}${place === undefined ? '' : `/${place}`}`;
      const to = `${text(subject['name'])}${subject['kind'] === 'ServiceAccount' ? `/${text(subject['namespace'])}` : ''}`;
      return [
        {
          rules: this.rulesOf(text(kind), text(name), namespace),
          through: `${binding.kind} "${title}" of ${text(kind)} "${text(name)}" to ${text(subject['kind'])} "${to}"`,
        },
      ];
    });
    return [...own, ...bound];
  }

  rulesOf(kind: string, name: string, namespace: string): Rule[] {
    const role =
      kind === 'ClusterRole'
        ? this.#store.get(`${bindings}/clusterroles`, '', name)
        : this.#store.get(`${bindings}/roles`, namespace, name);
    return listAt(role, 'rules') as unknown as Rule[];
  }
}

function isSubject(subject: JsonObject, caller: Caller, namespace: string): boolean {
  const name = text(subject['name']);
  if (subject['kind'] === 'User') return caller.username === name;
  if (subject['kind'] === 'Group') return caller.groups.includes(name);
  const place = text(subject['namespace']) || namespace;
  return caller.username === `system:serviceaccount:${place}:${name}`;
}

const has = (list: readonly string[] | undefined, one: string): boolean =>
  list?.some((it) => it === '*' || it === one) === true;

export function covers(rule: Rule, { verb, group, resource, subresource, name, path }: Attributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  if (resource === '')
    return (rule.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url,
    );
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const isNamed = has(rule.resources, whole) || (subresource !== '' && has(rule.resources, `*/${subresource}`));
  const names = rule.resourceNames ?? [];
  return has(rule.apiGroups, group) && isNamed && (names.length === 0 || names.includes(name));
}
