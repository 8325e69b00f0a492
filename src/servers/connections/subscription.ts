/**
 * The news of a stateless server: a `subscriptions/listen` that is open while somebody listens, and opened again when
 * it breaks off (MCP 2026-07-28, Subscriptions). What was missed meanwhile nobody keeps; so what it is about counts as
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

export interface Subscribable {
  readonly server: string;
  readonly log: Logger;
  readonly listen: (params: JsonObject, options: RequestOptions) => Promise<JsonObject>;
}

export interface SubscriptionSource extends Subscribable {
  readonly capabilities: JsonObject;
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
  const opened = (isAgain: boolean): void => {
    if (isAgain) for (const [, , changed] of promised) source.news(changed, {});
  };
  await keepListening(source, notifications, { news: source.news, opened }, signal);
}

/**
 * Holds a subscription with that filter until the signal aborts. `opened` is called whenever the server has
 * acknowledged it; again, after what broke off, of which the news are lost. A server that knows no subscriptions is not
 * asked twice.
 */
export async function keepListening(
  { server, log, listen }: Subscribable,
  notifications: JsonObject,
  { news, opened }: Pick<SubscriptionSource, 'news'> & { readonly opened: (isAgain: boolean) => void },
  signal: AbortSignal,
): Promise<void> {
  let acknowledged = 0;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const notified = (method: string, params: JsonObject): void => {
      if (method !== 'notifications/subscriptions/acknowledged') return news(method, params);
      attempt = 0;
      opened(acknowledged++ > 0);
    };
    try {
      await listen({ notifications }, { signal, notified });
    } catch (error) {
      if (signal.aborted || (error instanceof ServerError && error.code === METHOD_NOT_FOUND)) return;
      log.debug({ server, err: error }, 'the subscription to an MCP server broke off');
    }
    await pause(backoffMs(BACKOFF, attempt), signal);
  }
}
