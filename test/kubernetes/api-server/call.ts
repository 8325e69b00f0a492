/** One request, read and routed. */
import type { IncomingMessage } from 'node:http';
import type { Caller } from './callers.ts';
import type { ResourceType } from './resource-type.ts';

export interface Call {
  /** Of what the request makes, the same however often it is begun. */
  readonly uid: string;
  /** What webhooks were asked of and allowed. */
  readonly allowed: Set<string>;
  readonly caller: Caller;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly contentType: string;
  readonly body: string;
  readonly type: ResourceType;
  /** The namespace, `''` for what has none, `undefined` for all of them. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string;
  /** Said in Warning headers of the answer. */
  readonly warnings: string[];
}

export interface Route {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string;
}

/** `/api/v1/…` and `/apis/GROUP/VERSION/…`; `undefined` for all other paths. */
export function route(path: string): Route | undefined {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [root, first = '', second = ''] = parts;
  const [group, version, rest] =
    root === 'api' ? ['', first, parts.slice(2)] : root === 'apis' ? [first, second, parts.slice(3)] : ['', '', []];
  if (rest.length === 0) return undefined;
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !(group === '' && isNamespacePart(rest[2] ?? ''));
  const [namespace, own] = inNamespace ? [rest[1], rest.slice(2)] : [undefined, rest];
  const [plural = '', name = '', subresource = ''] = own;
  return { group, version, plural, namespace, name, subresource };
}

const isNamespacePart = (part: string): boolean => part === 'status' || part === 'finalize';
