/**
 * A connection of the session eras: opened by `initialize`, which agrees on a revision and on what both sides can do;
 * then both sides ask (MCP 2025-11-25, Lifecycle, and back to 2024-11-05).
 */
import { ChatelaineError, isRecord, type JsonObject } from '#kernel';
import type { InputRequest } from '#contract';
import { Conversation, type ConversationOptions } from './conversation.ts';
import { connectionError } from './errors.ts';
import { encodeFault, encodeNotification, encodeResult, type RequestId, type ServerRequest } from './message.ts';
import { INTERNAL_ERROR, METHOD_NOT_FOUND, SESSION_VERSIONS } from './revision.ts';
import { ownToken, type RunningRequest } from './running-requests.ts';
import { ServerError, type RequestOptions } from './server-connection.ts';
import type { ConnectOptions } from './target.ts';

/** What a server may ask, and the capability that lets it. */
const ASKS: ReadonlyMap<string, string> = new Map([
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
  ['roots/list', 'roots'],
]);

/** Questions of one server that wait for answers at once. */
const MAX_ASKED = 64;

const NEWS = /^notifications\/(?:(?:tools|prompts|resources)\/list_changed|resources\/updated)$/;

export interface SessionOptions extends ConversationOptions, Pick<ConnectOptions, 'capabilities' | 'clientInfo'> {
  /** The revisions that may be agreed on, the one to ask for first. */
  readonly versions?: readonly string[];
  /** Called with what was agreed on, before anything else is sent. */
  readonly agreed?: (version: string) => void;
}

export class SessionConnection extends Conversation {
  readonly era = 'session';
  readonly #options: SessionOptions;
  readonly #versions: readonly string[];
  /** Of the server, by its own ids: what it no longer waits for is not answered. */
  readonly #asked = new Set<RequestId>();
  #version = '';
  #result: JsonObject = {};

  constructor(options: SessionOptions) {
    super(options);
    this.#options = options;
    this.#versions = options.versions ?? SESSION_VERSIONS;
  }

  get version(): string {
    return this.#version;
  }

  get capabilities(): JsonObject {
    return recordIn(this.#result, 'capabilities') ?? {};
  }

  get serverInfo(): JsonObject | undefined {
    return recordIn(this.#result, 'serverInfo');
  }

  get instructions(): string | undefined {
    const { instructions } = this.#result;
    return typeof instructions === 'string' ? instructions : undefined;
  }

  /** Opens the session. Rejects as `request` does, and with `SERVER_REVISION_UNKNOWN`. */
  async initialize(signal: AbortSignal): Promise<void> {
    const { capabilities, clientInfo } = this.#options;
    const protocolVersion = this.#versions[0] as string;
    const result = await this.request('initialize', { protocolVersion, capabilities, clientInfo }, { signal });
    const version = result['protocolVersion'];
    if (typeof version !== 'string' || !this.#versions.includes(version)) {
      const said = `\`${this.server}\` speaks \`${JSON.stringify(version)}\``;
      throw connectionError('SERVER_REVISION_UNKNOWN', `${said}, and none of ${this.#versions.join(', ')}`);
    }
    this.#version = version;
    this.#result = result;
    this.#options.agreed?.(version);
    await this.wire.send(encodeNotification('notifications/initialized'), signal);
  }

  protected override dressed(params: JsonObject, running: RunningRequest): JsonObject {
    return running.token === undefined ? params : { ...params, _meta: ownToken(params, running) };
  }

  /** `initialize` is the one that must not be called off (MCP 2025-11-25, Cancellation). */
  protected override callOff({ id, method }: RunningRequest): void {
    if (method === 'initialize' || this.hasEnded) return;
    const message = encodeNotification('notifications/cancelled', { requestId: id, reason: 'the caller went away' });
    void this.wire.send(message).catch(() => {});
  }

  protected override isNews(method: string): boolean {
    return NEWS.test(method);
  }

  /** Servers of these eras tell without being asked. */
  protected override listening(): void {}

  protected override received(...[message, onStreamOf]: Parameters<Conversation['received']>): void {
    if (message.kind === 'notification' && message.method === 'notifications/cancelled') {
      this.#asked.delete(message.params['requestId'] as RequestId);
      return;
    }
    super.received(message, onStreamOf);
  }

  protected override asked(request: ServerRequest, onStreamOf: RunningRequest | undefined): void {
    const { id, method } = request;
    if (method === 'ping') return this.#reply(encodeResult(id, {}));
    const answer = this.#answererOf(request, onStreamOf);
    if (typeof answer === 'string') {
      this.log.info({ server: this.server, method }, `refused what the server asked: ${answer}`);
      return this.#reply(encodeFault(id, { code: METHOD_NOT_FOUND, message: answer }));
    }
    if (this.#asked.size >= MAX_ASKED || this.#asked.has(id)) {
      return this.#reply(encodeFault(id, { code: INTERNAL_ERROR, message: 'too many questions wait for answers' }));
    }
    this.#asked.add(id);
    const settled = (reply: string): void => {
      if (this.#asked.delete(id)) this.#reply(reply);
    };
    // Called in a promise: what it throws at once is told as what it rejects with.
    void Promise.resolve()
      .then(() => answer({ method, params: request.params ?? {} } as InputRequest))
      .then(
        (result) => settled(encodeResult(id, result)),
        (error: unknown) => settled(encodeFault(id, faultOf(error))),
      );
  }

  /** Who answers a question, or why nobody does. */
  #answererOf(
    { method }: ServerRequest,
    onStreamOf: RunningRequest | undefined,
  ): NonNullable<RequestOptions['asked']> | string {
    const capability = ASKS.get(method);
    if (capability === undefined) return `the method \`${method}\` is unknown here`;
    if (this.#options.capabilities[capability] === undefined) return `the client did not declare \`${capability}\``;
    const running = onStreamOf ?? this.running.only();
    if (running === undefined) {
      return 'a question must belong to one running request: send it on that request’s stream, or while only one runs';
    }
    return running.options.asked ?? `nobody behind \`${running.method}\` answers questions`;
  }

  #reply(message: string): void {
    if (this.hasEnded) return;
    this.wire.send(message).catch((error: unknown) => {
      this.log.warn({ server: this.server, err: error }, 'an answer to an MCP server was not taken');
    });
  }
}

/** What the server is told of a failure: an error of the protocol as it is, of ours its public sentence, else nothing. */
function faultOf(error: unknown): { code: number; message: string; data?: unknown } {
  if (error instanceof ServerError || hasCode(error)) {
    const { code, message, data } = error;
    return { code, message, ...(data !== undefined && { data }) };
  }
  const message = error instanceof ChatelaineError ? error.message : 'the question was not answered';
  return { code: INTERNAL_ERROR, message };
}

const hasCode = (error: unknown): error is Error & { code: number; data?: unknown } =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'number';

function recordIn(result: JsonObject, member: string): JsonObject | undefined {
  const value = result[member];
  return isRecord(value) ? value : undefined;
}
