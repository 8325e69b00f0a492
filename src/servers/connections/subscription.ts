/**
 * The news of a stateless server: one `subscriptions/listen` that is open while somebody listens, and opened again
 * when it breaks off (MCP 2026-07-28, Subscriptions). What was missed meanwhile nobody keeps; so the lists count as
 * changed when it is open again.
 */
import { isRecord, type JsonObject, type Logger } from '#kernel';
import { backoffMs, pause } from './backoff.ts';
import { METHOD_NOT_FOUND } from './revision.ts';
import { ServerError, type RequestOptions } from './server-connection.ts';

const BACKOFF = { firstMs: 500, longestMs: 60_000 };

/** The member of the filter and the notification, by the capability that promises it. */
const LISTS = [
  ['tools', 'toolsListChanged', 'notifications/tools/list_changed'],
  ['prompts', 'promptsListChanged', 'notifications/prompts/list_changed'],
  ['resources', 'resourcesListChanged', 'notifications/resources/list_changed'],
] as const;

export interface SubscriptionSource {
  readonly server: string;
  readonly capabilities: JsonObject;
  readonly log: Logger;
  readonly listen: (params: JsonObject, options: RequestOptions) => Promise<JsonObject>;
  readonly news: (method: string, params: JsonObject) => void;
}

/** Listens until the signal aborts, for the lists that the server says it has news of; for none, not at all. */
export async function listenForNews(source: SubscriptionSource, signal: AbortSignal): Promise<void> {
  const promised = LISTS.filter(([capability]) => {
    const declared = source.capabilities[capability];
    return isRecord(declared) && declared['listChanged'] === true;
  });
  if (promised.length === 0) return;
  const notifications = Object.fromEntries(promised.map(([, member]) => [member, true]));
  let acknowledged = 0;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const notified = (method: string, params: JsonObject): void => {
      if (method !== 'notifications/subscriptions/acknowledged') return source.news(method, params);
      attempt = 0;
      if (acknowledged++ > 0) for (const [, , changed] of promised) source.news(changed, {});
    };
    try {
      await source.listen({ notifications }, { signal, notified });
    } catch (error) {
      if (signal.aborted || (error instanceof ServerError && error.code === METHOD_NOT_FOUND)) return;
      source.log.debug({ server: source.server, err: error }, 'the subscription to an MCP server broke off');
    }
    await pause(backoffMs(BACKOFF, attempt), signal);
  }
}
