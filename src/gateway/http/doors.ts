/**
 * The paths of the public listener, read once per path. Names hold letters, digits, `_`, `-` and `.`
 * only, so a path with anything else (percent signs, dot segments, doubled slashes) names nothing.
 */
import type { ResourcePlace } from '#contract';
import { BoundedCache } from '#kernel';
import { placeOfMetadata } from '#resource-server';

export type DoorPath =
  | { readonly door: 'mcp'; readonly namespace: string; readonly group: string | undefined }
  | { readonly door: 'server'; readonly namespace: string; readonly server: string }
  | { readonly door: 'toolset'; readonly namespace: string; readonly group: string | undefined }
  | { readonly door: 'tool'; readonly namespace: string; readonly tool: string }
  | { readonly door: 'invoke'; readonly namespace: string; readonly tool: string }
  | { readonly door: 'metadata'; readonly place: ResourcePlace }
  | { readonly door: 'greeting' | 'healthz' | 'readyz' | 'api' };

const NAME = '([A-Za-z0-9_.-]+)';
const DEFAULT = 'default';

// `n` and `s` are reserved names: `/mcp/n` alone is not a toolset.
const MCP = new RegExp(`^/mcp(?:/n/${NAME})?(?:/(?!n$|s$|n/|s/)${NAME})?/?$`);
const SERVER = new RegExp(`^/mcp/s/${NAME}/${NAME}/?$`);
const TOOLSET = new RegExp(`^/api(?:/n/${NAME})?/toolset(?:/${NAME})?/?$`);
const TOOL = new RegExp(`^/api(?:/n/${NAME})?/tool/${NAME}(/invoke)?/?$`);

const API: DoorPath = { door: 'api' };

const read = new BoundedCache<string, DoorPath>(1024);

/** The door that a request target names, without its query; undefined when it names none. */
export function doorOf(target: string): DoorPath | undefined {
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  // The API reads its own paths, whose names hold more than ours.
  if (path.startsWith('/api/v1/')) return API;
  let door = read.get(path);
  if (door === undefined) {
    door = parse(path);
    if (door !== undefined) read.set(path, door);
  }
  return door;
}

function parse(path: string): DoorPath | undefined {
  if (path === '/') return { door: 'greeting' };
  if (path === '/healthz' || path === '/readyz') return { door: path.slice(1) as 'healthz' | 'readyz' };
  const place = placeOfMetadata(path);
  if (place !== undefined) return { door: 'metadata', place };
  const mcp = MCP.exec(path);
  if (mcp) return { door: 'mcp', namespace: mcp[1] ?? DEFAULT, group: mcp[2] };
  const server = SERVER.exec(path);
  if (server) return { door: 'server', namespace: server[1] as string, server: server[2] as string };
  const toolset = TOOLSET.exec(path);
  if (toolset) return { door: 'toolset', namespace: toolset[1] ?? DEFAULT, group: toolset[2] };
  const tool = TOOL.exec(path);
  if (tool)
    return { door: tool[3] === undefined ? 'tool' : 'invoke', namespace: tool[1] ?? DEFAULT, tool: tool[2] as string };
  return undefined;
}

/** The resource that a door belongs to: what a token must be for to open it. */
export function resourceOf(path: DoorPath): ResourcePlace | undefined {
  switch (path.door) {
    case 'mcp':
      return { kind: 'mcp', namespace: path.namespace, toolset: path.group };
    case 'server':
      return { kind: 'server', namespace: path.namespace, server: path.server };
    case 'toolset':
    case 'tool':
    case 'invoke':
      return { kind: 'rest', namespace: path.namespace };
    case 'api':
      return { kind: 'api' };
    default:
      return undefined;
  }
}
