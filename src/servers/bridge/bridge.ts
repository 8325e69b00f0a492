import type { CallerFace, ClientFace } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { RequestOptions } from '../connections/server-connection.ts';
import type { Lease } from '../pool/index.ts';
import { HeldCall } from './held-call.ts';
import type { ParkedCalls } from './parked-calls.ts';
import { refusalOf } from './refusals.ts';
import { inRounds, readRound } from './rounds.ts';
import { SessionLevels } from './session-levels.ts';

/** What is asked of a server. */
export interface AskedRequest {
  readonly method: string;
  readonly params: JsonObject;
  /** Headers of a request of the stateless era over HTTP. */
  readonly headers?: RequestOptions['headers'];
  /** Of a tool: its definition, as the server gave it. */
  readonly definition?: JsonObject;
}

/** On whose behalf, as a tool sees it. */
export interface Behalf {
  readonly signal: AbortSignal;
  readonly client: ClientFace;
  readonly caller: CallerFace;
}

const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

export class Bridge {
  readonly #server: string;
  readonly #lease: (behalf: Behalf, request: AskedRequest) => Promise<Lease>;
  readonly #parked: ParkedCalls;
  readonly #levels = new SessionLevels();

  constructor(options: {
    server: string;
    lease: (behalf: Behalf, request: AskedRequest) => Promise<Lease>;
    parked: ParkedCalls;
  }) {
    this.#server = options.server;
    this.#lease = options.lease;
    this.#parked = options.parked;
  }

  /**
   * The result as the server gave it. Rejects with a catalogued error, with `PassedRefusal` where only the client can
   * act on it, and with whatever ends a round of the client's.
   */
  async ask(request: AskedRequest, behalf: Behalf): Promise<JsonObject> {
    try {
      const state = stateOf(behalf.client.state);
      if (typeof state['held'] === 'string')
        return await this.#parked.take(state['held'], behalf.caller.context).goOn(behalf);
      const lease = await this.#lease(behalf, request);
      if (lease.connection.era === 'session') {
        const { connection } = lease;
        const leave = await this.#levels.enter(connection, behalf.client.logLevel, behalf.signal);
        const asking = { ...request, params: withMeta(request.params, {}) };
        return await new HeldCall({
          request: asking,
          lease: { connection, release: () => (leave(), lease.release()) },
          parked: this.#parked,
          caller: behalf.caller,
        }).goOn(behalf);
      }
      try {
        const { logLevel } = behalf.client;
        const level: JsonObject = logLevel === undefined ? {} : { [META_LOG_LEVEL]: logLevel };
        const leveled = { ...request, params: withMeta(request.params, level) };
        return await inRounds(lease.connection, leveled, behalf, readRound(state), this.#server);
      } finally {
        lease.release();
      }
    } catch (error) {
      throw refusalOf(error, this.#server);
    }
  }
}

/** What an earlier round left: sealed by the gateway and bound to this caller, this entry and these arguments. */
function stateOf(state: JsonValue | undefined): JsonObject {
  const own = isRecord(state) ? state['server'] : undefined;
  return isRecord(own) ? own : {};
}

/**
 * What a server needs to know to say something on the way: a token for progress, which the connection puts its own in
 * the place of, and of the stateless era the level.
 */
const withMeta = (params: JsonObject, more: JsonObject): JsonObject => ({
  ...params,
  _meta: { ...more, progressToken: 'progress' },
});
