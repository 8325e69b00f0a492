/** What is not a resource: discovery, version, health, and the paths that are not there. */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { JsonObject } from './json.ts';
import type { Registry } from './registry.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const customVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const verbsOf = ({ custom, review }: ResourceType): string[] => (review ? ['create'] : custom ? customVerbs : verbs);
const version = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.2',
  gitCommit: '8e16b12fda5b1dccc41a6de48b3e356cc7d5048b',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go1.26.11',
  compiler: 'gc',
  platform: 'linux/amd64',
};

/** What changes when a resource is stored in another version. */
const storageHash = (type: ResourceType): string =>
  createHash('sha256').update(`${type.group}/${type.version}/${type.kind}`).digest().subarray(0, 8).toString('base64');

export function discovery(registry: Registry, path: string, query: URLSearchParams, response: ServerResponse): void {
  const answer = documentAt(registry.all(), path, response.req.headers.host ?? '');
  if (answer !== undefined) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
    return;
  }
  const healthy = /^\/(healthz|livez|readyz)(\/(etcd|ping|log))?$/.test(path) && !query.has('verbose');
  response.writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(healthy ? 'ok' : '404 page not found\n');
}

function documentAt(types: readonly ResourceType[], path: string, serverAddress: string): JsonObject | undefined {
  const [root, ...rest] = path.split('/').slice(1);
  if (root === 'version') return version;
  if (root === 'api' && rest.length === 0) return coreVersions(serverAddress);
  if (root === 'api' && rest.length === 1 && rest[0] === 'v1') return resources(types, '', 'v1');
  if (root !== 'apis') return undefined;
  const [group, ofGroup] = rest;
  const groups = [...new Set(types.map((type) => type.group))].filter((name) => name !== '');
  if (group === undefined)
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((name) => groupOf(types, name)) };
  if (!groups.includes(group) || rest.length > 2) return undefined;
  if (ofGroup === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(types, group) };
  return resources(types, group, ofGroup);
}

const coreVersions = (serverAddress: string): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

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
    const whole: JsonObject = { name, singularName, namespaced, kind, verbs: verbsOf(type) };
    if (shortNames.length > 0) whole['shortNames'] = [...shortNames];
    if (categories.length > 0) whole['categories'] = [...categories];
    if (!type.review) whole['storageVersionHash'] = storageHash(type);
    const below = { singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] };
    return [whole, ...(type.status ? [{ name: `${name}/status`, ...below }] : [])];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(first), resources: list };
}
