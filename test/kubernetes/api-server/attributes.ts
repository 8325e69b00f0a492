/** What a request is about, in the words of rights: a verb and a resource, or a path. */
import { route } from './call.ts';
import { Refusal } from './statuses.ts';

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** `''` of a path that is no resource. */
  readonly resource: string;
  readonly subresource: string;
  /** `''` at the cluster scope, and for all namespaces. */
  readonly namespace: string;
  readonly name: string;
  /** Of what is no resource. */
  readonly path: string;
}

const verbs: Readonly<Record<string, readonly [one: string, many: string]>> = {
  GET: ['get', 'list'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'deletecollection'],
};

export function attributesOf(method: string, path: string, watch: boolean): Attributes {
  const found = route(path);
  if (found === undefined)
    return { verb: method.toLowerCase(), group: '', resource: '', subresource: '', namespace: '', name: '', path };
  const { group, plural: resource, name, subresource } = found;
  const [one = '', many = ''] = verbs[method] ?? [];
  const verb = watch && name === '' ? 'watch' : name === '' ? many : one;
  const isNamespace = group === '' && resource === 'namespaces';
  const namespace = (isNamespace ? name : found.namespace) ?? '';
  return { verb, group, resource, subresource, namespace, name, path: '' };
}

/** The refusal of what a caller has no right to. */
export function notAllowed(
  username: string,
  { verb, group, resource, subresource, namespace, name, path }: Attributes,
): Refusal {
  if (resource === '')
    return new Refusal(403, `forbidden: User "${username}" cannot ${verb} path "${path}"`, 'Forbidden', {});
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new Refusal(
    403,
    `${qualified}${name === '' ? '' : ` "${name}"`} is forbidden: User "${username}" cannot ${verb} resource "${whole}" in API group "${group}" ${where}`,
    'Forbidden',
    { ...(name !== '' && { name }), ...(group !== '' && { group }), kind: resource },
  );
}
