import { ChatelaineError, type JsonObject } from '#kernel';
import type { Group, Resource } from '#toolbox';
import { gatewayError } from '../../errors.ts';
import { checkAccess } from '../../pipeline/access.ts';
import type { Found } from '../../pipeline/call.ts';
import { resourcesOf } from '../../pipeline/visible.ts';
import { McpConsultation } from '../pipeline-request.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, INVALID_REQUEST, RESOURCE_NOT_FOUND, RpcError } from '../json-rpc.ts';
import type { McpServices } from '../services.ts';
import { watchResource } from '../watched-resource.ts';

export function resourceMethods(services: McpServices): Record<string, Method> {
  return {
    'resources/list': {
      eras: ['stateless', 'session'],
      handle: (exchange) => services.lists.page(exchange, 'resources'),
    },
    'resources/templates/list': {
      eras: ['stateless', 'session'],
      handle: (exchange) => services.lists.page(exchange, 'resourceTemplates'),
    },
    'resources/read': { eras: ['stateless', 'session'], handle: (exchange) => readResource(exchange, services) },
    'resources/subscribe': { eras: ['session'], handle: (exchange) => subscribe(exchange, services) },
    'resources/unsubscribe': {
      eras: ['session'],
      handle: (exchange) => {
        exchange.session?.unsubscribe(uriOf(exchange));
        return {};
      },
    },
  };
}

async function readResource(exchange: Exchange, services: McpServices): Promise<JsonObject> {
  const uri = uriOf(exchange);
  const consultation = new McpConsultation(exchange, { kind: 'resource', name: uri });
  const contents = await services.pipeline
    .consult(
      consultation,
      async (call, found) => readFrom(exchange.group, uri, call, found),
      (read, masking) =>
        Object.assign([...masking.contents(read)], { beside: masking.json(read.beside ?? {}) as JsonObject }),
    )
    .catch((error: unknown) => {
      if (error instanceof ChatelaineError && NOT_FOUND.has(error.code)) throw notFound(exchange, uri);
      throw error;
    });
  const hints: JsonObject =
    exchange.revision.era === 'stateless' ? { ttlMs: 0, cacheScope: exchange.group.cacheScope } : {};
  return { ...contents.beside, ...hints, contents: contents as unknown as JsonObject[] };
}

function readFrom(
  group: Group,
  uri: string,
  call: Parameters<Resource['read']>[0],
  found: Found,
): ReturnType<Resource['read']> {
  const resource = findResource(group, uri);
  if (resource !== undefined) return found(resource).read(call);
  for (const template of [...group.resourceTemplates, ...(group.apps?.resourceTemplates ?? [])]) {
    const variables = template.match(uri);
    if (variables !== undefined) return found(template).read(uri, variables, call);
  }
  throw gatewayError('RESOURCE_UNKNOWN', `no resource has the URI \`${uri}\``);
}

/** Nothing here has the URI, or what has it found nothing behind it: to a client both are one. */
const NOT_FOUND: ReadonlySet<string> = new Set(['RESOURCE_UNKNOWN', 'RESOURCE_NOT_FOUND']);

/** Updates arrive on the session's open stream as `notifications/resources/updated`. */
function subscribe(exchange: Exchange, { changes }: McpServices): JsonObject {
  checkAccess(exchange.principal, 'read');
  const uri = uriOf(exchange);
  const { session } = exchange;
  if (session === undefined)
    throw new RpcError(INVALID_REQUEST, 'subscribing needs a session: send `initialize` first');
  const resource = findResource(exchange.group, uri);
  if (resource === undefined) throw notFound(exchange, uri);
  const until = session.subscribe(uri);
  const told = (): void => session.notify('notifications/resources/updated', { uri });
  if (until !== undefined) watchResource(exchange, resource, { changes, told, until });
  return {};
}

/** The resource of the group at this URI, apps included: those are read, though no list shows them. */
export const findResource = (group: Group, uri: string): Resource | undefined => resourcesOf(group).get(uri);

function uriOf(exchange: Exchange): string {
  const { uri } = exchange.params;
  if (typeof uri !== 'string') throw new RpcError(INVALID_PARAMS, '`params.uri` must be the URI of a resource');
  return uri;
}

/** 2026-07-28 says invalid params, the revisions before had a code of their own (SEP-2164). */
function notFound(exchange: Exchange, uri: string): RpcError {
  const code = exchange.revision.era === 'stateless' ? INVALID_PARAMS : RESOURCE_NOT_FOUND;
  return new RpcError(code, `no resource has the URI \`${uri}\``, { data: { uri } });
}
