/**
 * The requests of one connection that are running, by ids of our own: an answer goes to who asked and to nobody else
 * (CVE-2026-25536). Progress tokens are ours too, since two callers may have chosen the same; each caller gets its
 * own back.
 */
import { isRecord, Members, type JsonObject, type JsonValue, type Membership } from '#kernel';
import { connectionError } from './errors.ts';
import type { ServerNotification } from './message.ts';
import { META_SUBSCRIPTION_ID } from './revision.ts';
import type { RequestOptions } from './server-connection.ts';

export interface RunningRequest {
  readonly id: number;
  readonly method: string;
  /** The caller's progress token, where it asked for progress. */
  readonly token: JsonValue | undefined;
  readonly options: RequestOptions;
  /** Ends it: the caller's signal does, and the end of the connection. */
  readonly controller: AbortController;
  /** Among those of its connection. */
  membership: Membership<RunningRequest> | undefined;
}

export class RunningRequests {
  readonly #server: string;
  readonly #max: number;
  readonly #running = new Members<RunningRequest>();
  #nextId: number;
  #context: string | undefined;
  #isShared = false;

  constructor(server: string, max: number, firstId: number) {
    this.#server = server;
    this.#max = max;
    this.#nextId = firstId;
  }

  /** Refuses with `SERVER_BUSY` what is beyond the limit. */
  begin(method: string, params: JsonObject, options: RequestOptions): RunningRequest {
    if (this.#running.size >= this.#max) {
      throw connectionError('SERVER_BUSY', `${this.#max} requests to \`${this.#server}\` are running already`);
    }
    this.#context ??= options.context;
    if (options.context !== undefined && options.context !== this.#context) this.#isShared = true;
    const meta = params['_meta'];
    const token = isRecord(meta) ? meta['progressToken'] : undefined;
    const running: RunningRequest = {
      ...{ id: this.#nextId++, method, token, options, controller: new AbortController() },
      membership: undefined,
    };
    running.membership = this.#running.enter(running);
    return running;
  }

  end({ membership }: RunningRequest): void {
    membership?.leave();
  }

  /** Ends all of them, with the reason. */
  abort(reason: Error): void {
    for (const { controller } of this.#running.all()) controller.abort(reason);
  }

  /**
   * The one request that runs, where it is one: what says nothing of where it belongs can belong to no other. Where
   * several callers were, it may be about what another has called off, and belongs to nobody.
   */
  only(): RunningRequest | undefined {
    if (this.#isShared) return undefined;
    if (this.#running.size > 2) return undefined;
    // What comes for a subscription names it.
    const [running, ...others] = this.#running.all().filter(({ method }) => method !== 'subscriptions/listen');
    return others.length === 0 ? running : undefined;
  }

  /** The request that a notification names, by progress token or subscription; undefined where it names none. */
  namedBy({ method, params }: ServerNotification): RunningRequest | 'gone' | undefined {
    const meta = params['_meta'];
    const subscription = isRecord(meta) ? meta[META_SUBSCRIPTION_ID] : undefined;
    const name = method === 'notifications/progress' ? params['progressToken'] : subscription;
    if (name === undefined) return undefined;
    // Few run at once, and few notifications come.
    return this.#running.all().find(({ id }) => id === name) ?? 'gone';
  }
}

/** `_meta` of the params with our token in the place of the caller's. */
export function ownToken(params: JsonObject, { id, token }: RunningRequest): JsonObject {
  const meta = params['_meta'];
  const own = isRecord(meta) ? meta : {};
  return token === undefined ? own : { ...own, progressToken: id };
}

/** The params of a notification as the caller knows them: with its own token in them again. */
export function callersParams({ method, params }: ServerNotification, { token }: RunningRequest): JsonObject {
  return method === 'notifications/progress' && token !== undefined ? { ...params, progressToken: token } : params;
}
