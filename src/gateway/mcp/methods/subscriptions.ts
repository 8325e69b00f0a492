import { isRecord, type JsonObject } from '#kernel';
import type { Resource } from '#toolbox';
import { contextOf } from '../../pipeline/caller-face.ts';
import type { ListChange } from '../changes.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, INVALID_REQUEST, RpcError } from '../json-rpc.ts';
import { META_SUBSCRIPTION_ID } from '../revision.ts';
import type { McpServices } from '../services.ts';
import { watchResource } from '../watched-resource.ts';
import { findResource } from './resources.ts';

const FILTERS: Readonly<Record<string, ListChange>> = {
  toolsListChanged: 'tools',
  promptsListChanged: 'prompts',
  resourcesListChanged: 'resources',
};

/**
 * `subscriptions/listen`: a request whose answer is a stream that stays open (MCP 2026-07-28,
 * Subscriptions). Its result comes when the server ends it; a client that ends it hears nothing more.
 */
export function subscriptionMethods(services: McpServices): Record<string, Method> {
  return { 'subscriptions/listen': { eras: ['stateless'], handle: (exchange) => listen(exchange, services) } };
}

function listen(exchange: Exchange, services: McpServices): Promise<JsonObject> {
  const wanted = readFilter(exchange);
  const tag = { [META_SUBSCRIPTION_ID]: exchange.id };
  const tell = (method: string, params: JsonObject): boolean => exchange.notify(method, { ...params, _meta: tag });

  // The acknowledgement is the first message, and names what will be honoured: of the resources,
  // those that the caller can see.
  if (!tell('notifications/subscriptions/acknowledged', { notifications: wanted.acknowledged })) {
    throw new RpcError(INVALID_REQUEST, 'subscribing needs a stream: accept `text/event-stream`', { status: 406 });
  }
  const { signal } = exchange;
  return new Promise((resolve) => {
    const watching = new AbortController();
    const over = (): void => {
      stopListening();
      watching.abort();
      resolve({ _meta: tag });
    };
    const stopListening = services.changes.listen({
      namespace: exchange.view.name,
      group: exchange.group.name === '' ? undefined : exchange.group.name,
      context: contextOf(exchange.principal),
      changed: (list) => void (wanted.lists.has(list) && tell(`notifications/${list}/list_changed`, {})),
      ended: over,
    });
    for (const resource of wanted.resources) {
      const told = (): void => void tell('notifications/resources/updated', { uri: resource.uri });
      watchResource(exchange, resource, { changes: services.changes, told, until: watching.signal });
    }
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
  });
}

interface Wanted {
  readonly lists: ReadonlySet<ListChange>;
  readonly resources: readonly Resource[];
  readonly acknowledged: JsonObject;
}

function readFilter(exchange: Exchange): Wanted {
  const filter = exchange.params['notifications'];
  if (!isRecord(filter)) throw new RpcError(INVALID_PARAMS, '`params.notifications` must say what to listen for');
  const acknowledged: JsonObject = {};
  const lists = new Set<ListChange>();
  for (const [field, list] of Object.entries(FILTERS)) {
    if (filter[field] !== true) continue;
    acknowledged[field] = true;
    lists.add(list);
  }
  const asked = filter['resourceSubscriptions'];
  // A set: whoever names a resource a thousand times hears of it once.
  const uris = new Set(Array.isArray(asked) ? asked : []);
  const resources = [...uris].flatMap((uri) =>
    typeof uri === 'string' ? (findResource(exchange.group, uri) ?? []) : [],
  );
  if (resources.length > 0) acknowledged['resourceSubscriptions'] = resources.map((resource) => resource.uri);
  return { lists, resources, acknowledged };
}
