/** An OpenAPI document as read: its operations with what they share filled in, and references followed. */
import { parse as parseYaml } from 'yaml';
import { err, isRecord, ok, type Result } from '#kernel';

export type Node = Readonly<Record<string, unknown>>;

export interface ApiOperation {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly node: Node;
  /** Where it is asked: its own server, that of its path, or that of the document. Undefined when unusable. */
  readonly server: string | undefined;
  /** Of the path and of the operation, which wins; references followed. */
  readonly parameters: readonly Node[];
}

export interface ApiDocument {
  readonly root: Node;
  readonly title: string;
  readonly version: string;
  readonly operations: readonly ApiOperation[];
  /** What a node is after following its `$ref`s; undefined when one leads nowhere or out of the document. */
  resolve(node: unknown): Node | undefined;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** Reads OpenAPI 3.0, 3.1 or 3.2, as YAML or JSON; the error says why it is none. */
export function readApiDocument(text: string): Result<ApiDocument, string> {
  let root: unknown;
  try {
    // JSON is YAML, but its own parser is a hundred times faster, and these documents are large.
    root = text.trimStart().startsWith('{') ? JSON.parse(text) : parseYaml(text, { maxAliasCount: 1000, merge: true });
  } catch (cause) {
    return err(`the text is neither YAML nor JSON: ${(cause as Error).message.split('\n')[0]}`);
  }
  if (!isRecord(root)) return err('the text holds no OpenAPI document');
  if (root['swagger'] !== undefined) {
    return err('this is Swagger 2.0; convert it to OpenAPI 3 first (`npx swagger2openapi FILE`)');
  }
  const { openapi } = root;
  if (typeof openapi !== 'string' || !/^3\.[012]\./.test(`${openapi}.`)) {
    return err(`\`openapi\` is ${JSON.stringify(openapi)}; versions 3.0, 3.1 and 3.2 are read`);
  }
  const info = isRecord(root['info']) ? root['info'] : {};
  const resolve = (node: unknown): Node | undefined => follow(root, node);
  return ok({
    root,
    title: textOf(info['title']) ?? 'API',
    version: textOf(info['version']) ?? '',
    operations: operationsOf(root, resolve),
    resolve,
  });
}

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

function operationsOf(root: Node, resolve: ApiDocument['resolve']): readonly ApiOperation[] {
  const paths = isRecord(root['paths']) ? root['paths'] : {};
  return Object.entries(paths).flatMap(([path, item]) => {
    const node = resolve(item);
    if (node === undefined || !path.startsWith('/')) return [];
    return METHODS.flatMap((method) => {
      const operation = node[method];
      if (!isRecord(operation)) return [];
      const parameters = mergeParameters([node['parameters'], operation['parameters']], resolve);
      const server = serverOf(operation['servers'] ?? node['servers'] ?? root['servers']);
      return [{ method: method.toUpperCase(), path, node: operation, server, parameters }];
    });
  });
}

/** The first server with its variables at their defaults, when it is an http URL. */
function serverOf(servers: unknown): string | undefined {
  const [server] = Array.isArray(servers) ? (servers as unknown[]) : [];
  if (!isRecord(server) || typeof server['url'] !== 'string') return undefined;
  const variables = isRecord(server['variables']) ? server['variables'] : {};
  const url = server['url'].replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isRecord(variable) && typeof variable['default'] === 'string' ? variable['default'] : whole;
  });
  const parsed = URL.parse(url);
  const usable = parsed !== null && /^https?:$/.test(parsed.protocol) && !/[{}?#@]/.test(url);
  return usable ? url.replace(/\/+$/, '') : undefined;
}

function mergeParameters(lists: readonly unknown[], resolve: ApiDocument['resolve']): readonly Node[] {
  const merged = new Map<string, Node>();
  for (const entry of lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))) {
    const parameter = resolve(entry) ?? { unresolved: entry };
    merged.set(JSON.stringify([parameter['in'], parameter['name'], parameter['unresolved']]), parameter);
  }
  return [...merged.values()];
}

const MAX_REFERENCES = 50;

/** Follows references inside of the document (RFC 6901 pointers); nothing is ever fetched or opened. */
function follow(root: Node, start: unknown): Node | undefined {
  let node = start;
  for (let steps = 0; steps < MAX_REFERENCES; steps++) {
    if (!isRecord(node)) return undefined;
    const { $ref: reference, ...beside } = node;
    if (typeof reference !== 'string') return node;
    if (!reference.startsWith('#/')) return undefined;
    const target = reference
      .slice(2)
      .split('/')
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, step) => (isRecord(at) && Object.hasOwn(at, step) ? at[step] : undefined), root);
    // OpenAPI 3.1 lets a description stand beside the reference and win.
    node = isRecord(target) ? { ...target, ...beside } : undefined;
  }
  return undefined;
}
