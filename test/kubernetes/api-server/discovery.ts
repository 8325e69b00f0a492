/** What is not a resource: discovery, version, health, and the paths that are not there. */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from './json.ts';
import type { Registry } from './registry.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

export function discovery(
  registry: Registry,
  path: string,
  query: URLSearchParams,
  _accept: string,
  response: ServerResponse,
): void {
  const answer = documentAt(registry.all(), path);
  if (answer !== undefined) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
    return;
  }
  const healthy = /^\/(healthz|livez|readyz)(\/(etcd|ping|log))?$/.test(path) && !query.has('verbose');
  response.writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(healthy ? 'ok' : '404 page not found\n');
}

function documentAt(types: readonly ResourceType[], path: string): JsonObject | undefined {
  const [root, ...rest] = path.split('/').slice(1);
  if (root === 'version') return { major: '1', minor: '36', gitVersion: 'v1.36.2', platform: 'linux/amd64' };
  if (root === 'api' && rest.length === 0) return { kind: 'APIVersions', versions: ['v1'] };
  if (root === 'api' && rest.length === 1 && rest[0] === 'v1') return resources(types, '', 'v1');
  if (root !== 'apis') return undefined;
  const [group, version] = rest;
  const groups = [...new Set(types.map((type) => type.group))].filter((name) => name !== '');
  if (group === undefined)
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((name) => groupOf(types, name)) };
  if (!groups.includes(group) || rest.length > 2) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(types, group) };
  return resources(types, group, version);
}

function groupOf(types: readonly ResourceType[], name: string): JsonObject {
  const served = new Set(types.filter(({ group }) => group === name).map((type) => type.version));
  const versions = [...served].map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] ?? {} };
}

function resources(types: readonly ResourceType[], group: string, version: string): JsonObject | undefined {
  const own = types.filter((type) => type.group === group && type.version === version);
  const [first] = own;
  if (first === undefined) return undefined;
  const list = own.flatMap((type) => {
    const { plural: name, singular: singularName, namespaced, kind, shortNames, categories } = type;
    const whole: JsonObject = { name, singularName, namespaced, kind, verbs };
    if (shortNames.length > 0) whole['shortNames'] = [...shortNames];
    if (categories.length > 0) whole['categories'] = [...categories];
    const below = { singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] };
    return [whole, ...(type.status ? [{ name: `${name}/status`, ...below }] : [])];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(first), resources: list };
}
