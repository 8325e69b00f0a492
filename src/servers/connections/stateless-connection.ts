/**
 * A connection of the stateless era: every request says its revision, who asks and what they can do (MCP 2026-07-28,
 * General fields, `_meta`). Nothing is agreed on, so nothing is to be remembered or ended.
 */
import { isRecord, type JsonObject } from '#kernel';
import { Conversation, type ConversationOptions } from './conversation.ts';
import { encodeNotification, type ServerRequest } from './message.ts';
import {
  META_CLIENT_CAPABILITIES,
  META_CLIENT_INFO,
  META_SERVER_INFO,
  META_VERSION,
  STATELESS_VERSION,
} from './revision.ts';
import { ownToken, type RunningRequest } from './running-requests.ts';
import type { RequestOptions } from './server-connection.ts';
import { listenForNews } from './subscription.ts';
import type { ConnectOptions, KnownServer } from './target.ts';

export class StatelessConnection extends Conversation {
  readonly era = 'stateless';
  readonly version = STATELESS_VERSION;
  readonly #identity: JsonObject;
  #known: Pick<KnownServer, 'capabilities' | 'serverInfo' | 'instructions'>;
  #subscription: AbortController | undefined;

  constructor(options: ConversationOptions, { capabilities, clientInfo, known }: ConnectOptions) {
    super(options);
    this.#identity = {
      [META_VERSION]: STATELESS_VERSION,
      [META_CLIENT_INFO]: clientInfo,
      [META_CLIENT_CAPABILITIES]: capabilities,
    };
    this.#known = known ?? { capabilities: {}, serverInfo: undefined, instructions: undefined };
  }

  get capabilities(): JsonObject {
    return this.#known.capabilities;
  }

  get serverInfo(): JsonObject | undefined {
    return this.#known.serverInfo;
  }

  get instructions(): string | undefined {
    return this.#known.instructions;
  }

  /** Asks the server what it is. Rejects as `request` does. */
  discover(options: RequestOptions): Promise<JsonObject> {
    return this.request('server/discover', {}, options);
  }

  /** Takes over what the server said of itself in a `DiscoverResult`. */
  learn({ capabilities, instructions, _meta: meta }: JsonObject): void {
    const serverInfo = isRecord(meta) ? meta[META_SERVER_INFO] : undefined;
    this.#known = {
      capabilities: isRecord(capabilities) ? capabilities : {},
      serverInfo: isRecord(serverInfo) ? serverInfo : undefined,
      instructions: typeof instructions === 'string' ? instructions : undefined,
    };
  }

  protected override dressed(params: JsonObject, running: RunningRequest): JsonObject {
    return { ...params, _meta: { ...ownToken(params, running), ...this.#identity } };
  }

  protected override callOff({ id }: RunningRequest): void {
    // Over HTTP hanging up has said it.
    if (!this.wire.shared) return;
    const message = encodeNotification('notifications/cancelled', { requestId: id });
    void this.wire.send(message).catch(() => {});
  }

  /** Servers of this era send none, and clients no answers: one that comes cannot be told what is wrong. */
  protected override asked({ method }: ServerRequest): void {
    this.log.warn({ server: this.server, method }, 'a request of a stateless server, which may send none');
  }

  /** Everything comes to somebody's request here, the subscription's included. */
  protected override isNews(): boolean {
    return false;
  }

  protected override listening(wanted: boolean): void {
    this.#subscription?.abort();
    this.#subscription = wanted ? new AbortController() : undefined;
    if (this.#subscription === undefined) return;
    const source = {
      server: this.server,
      capabilities: this.capabilities,
      log: this.log,
      listen: (params: JsonObject, options: RequestOptions) => this.request('subscriptions/listen', params, options),
      news: (method: string, params: JsonObject) => this.tell({ kind: 'notification', method, params }),
    };
    void listenForNews(source, this.#subscription.signal);
  }
}
