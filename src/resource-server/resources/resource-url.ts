/** The places of protected resources as URLs: each place has one, and each URL of ours one place. */
import { DEFAULT_NAMESPACE, type ResourcePlace } from '#contract';

const NAME = '([A-Za-z0-9_.-]+)';
// `n` and `s` are reserved: `/mcp/n` alone is no toolset.
const MCP = new RegExp(`^/mcp(?:/n/${NAME})?(?:/(?!n$|s$|n/|s/)${NAME})?$`);
const SERVER = new RegExp(`^/mcp/s/${NAME}/${NAME}$`);
const TOOL = new RegExp(`^/api(?:/n/${NAME})?/tool/${NAME}$`);
const REST = new RegExp(`^/api(?:/n/${NAME})?$`);

/** The path of a resource, in its one spelling: no trailing slash, no name of the default namespace. */
export function pathOf(place: ResourcePlace): string {
  switch (place.kind) {
    case 'mcp':
      return `/mcp${inNamespace(place.namespace)}${place.toolset === undefined ? '' : `/${place.toolset}`}`;
    case 'rest':
      return `/api${inNamespace(place.namespace)}`;
    case 'tool':
      return `/api${inNamespace(place.namespace)}/tool/${place.tool}`;
    case 'server':
      return `/mcp/s/${place.namespace}/${place.server}`;
    case 'api':
      return '/api/v1';
  }
}

/** The place that a path names, in any of its spellings; undefined for what is no resource. */
export function placeAt(path: string): ResourcePlace | undefined {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  if (bare === '/api/v1') return { kind: 'api' };
  const mcp = MCP.exec(bare);
  if (mcp) return { kind: 'mcp', namespace: mcp[1] ?? DEFAULT_NAMESPACE, toolset: mcp[2] };
  const server = SERVER.exec(bare);
  if (server) return { kind: 'server', namespace: server[1] as string, server: server[2] as string };
  const tool = TOOL.exec(bare);
  if (tool) return { kind: 'tool', namespace: tool[1] ?? DEFAULT_NAMESPACE, tool: tool[2] as string };
  const rest = REST.exec(bare);
  return rest ? { kind: 'rest', namespace: rest[1] ?? DEFAULT_NAMESPACE } : undefined;
}

/** The URL that tokens for the place name as their audience, and its metadata as `resource` (RFC 9728 §2). */
export const resourceUrl = (publicUrl: URL, place: ResourcePlace): string => `${publicUrl.origin}${pathOf(place)}`;

/**
 * The place whose URL that is, letter by letter: an audience with another case, a slash more or a longer
 * name is another audience (RFC 8707 §2; RFC 3986 §6.2.1).
 */
export function placeOfUrl(publicUrl: URL, url: string): ResourcePlace | undefined {
  if (!url.startsWith(`${publicUrl.origin}/`)) return undefined;
  const place = placeAt(url.slice(publicUrl.origin.length));
  return place !== undefined && resourceUrl(publicUrl, place) === url ? place : undefined;
}

/** Where the metadata of a resource stands: the well-known path goes before the resource's own (RFC 9728 §3.1). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource';
export const metadataUrl = (publicUrl: URL, place: ResourcePlace): string =>
  `${publicUrl.origin}${METADATA_PATH}${pathOf(place)}`;

/** The place whose metadata a path asks for: the root's are those of `/mcp`. */
export function placeOfMetadata(path: string): ResourcePlace | undefined {
  if (!path.startsWith(METADATA_PATH)) return undefined;
  const rest = path.slice(METADATA_PATH.length);
  if (rest === '' || rest === '/') return { kind: 'mcp', namespace: DEFAULT_NAMESPACE };
  const place = placeAt(rest);
  // No authorization server gives tokens for one tool: its credentials are vended, and its door is Toolbox's REST.
  return place?.kind === 'tool' ? undefined : place;
}

const inNamespace = (namespace: string): string => (namespace === DEFAULT_NAMESPACE ? '' : `/n/${namespace}`);
