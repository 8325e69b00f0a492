/**
 * The client behind a call, in both eras (`CallingClient`). Progress and log messages are the same in
 * both; asking the client differs in everything, so each era brings its own `ask`.
 */
import { LOG_LEVELS, type CallingClient, type InputRequest, type McpLogLevel, type PageToOpen } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { Exchange } from './exchange.ts';
import { INVALID_REQUEST, MISSING_CLIENT_CAPABILITY, RpcError, URL_ELICITATION_REQUIRED } from './json-rpc.ts';
import { META_CLIENT_CAPABILITIES, META_LOG_LEVEL } from './revision.ts';

/** Stateless: what the client can do and wants to hear stands in the request; questions end the call. */
export function statelessClient(exchange: Exchange): CallingClient {
  const { meta, rounds, method } = exchange;
  const level = meta[META_LOG_LEVEL];
  return new Face({
    capabilities: meta[META_CLIENT_CAPABILITIES] as JsonObject,
    progressToken: meta['progressToken'],
    logLevel: () => (isLogLevel(level) ? level : undefined),
    notify: (name, params) => exchange.notify(name, params),
    state: rounds?.state,
    ask: (inputs, state) =>
      rounds?.ask(inputs, state) ??
      Promise.reject(new RpcError(INVALID_REQUEST, `\`${method}\` cannot ask the client`)),
    openPage: async (page) => {
      await rounds?.ask({ [page.id]: { method: 'elicitation/create', params: elicitationOf(page) } }, undefined);
    },
  });
}

/** In a session: what the client can do was said when it opened; questions go out ahead of the answer. */
export function sessionClient(exchange: Exchange): CallingClient {
  const { meta, session } = exchange;
  return new Face({
    capabilities: session?.capabilities ?? {},
    progressToken: meta['progressToken'],
    // Until a client sets a level, the server decides (MCP 2025-11-25, Logging).
    logLevel: () => session?.logLevel ?? 'info',
    notify: (method, params) => exchange.notify(method, params),
    state: undefined,
    ask: (inputs) => session?.ask(inputs, (message) => exchange.send(message), exchange.signal) ?? unasked(),
    // An error, and no question that the call would wait for: people take their time (MCP 2025-11-25, Elicitation).
    openPage: (page) =>
      Promise.reject(
        new RpcError(URL_ELICITATION_REQUIRED, page.message, { data: { elicitations: [elicitationOf(page)] } }),
      ),
  });
}

interface FaceOptions {
  readonly capabilities: JsonObject;
  readonly progressToken: JsonValue | undefined;
  /** Messages below this level are dropped; undefined drops all. Read at each message. */
  readonly logLevel: () => McpLogLevel | undefined;
  readonly notify: (method: string, params: JsonObject) => boolean;
  readonly state: JsonValue | undefined;
  readonly ask: (
    inputs: Readonly<Record<string, InputRequest>>,
    state: JsonValue | undefined,
  ) => Promise<Readonly<Record<string, JsonObject>>>;
  readonly openPage: (page: PageToOpen) => Promise<void>;
}

/** A request of URL mode; the id is what a client knows a page by that it has opened. */
const elicitationOf = ({ id, url, message }: PageToOpen): JsonObject => ({
  ...{ mode: 'url', elicitationId: id, url: url.href, message },
});

/** A class and no literal with an accessor: `running-call.ts` says what such a literal costs each call. */
class Face implements CallingClient {
  readonly capabilities: JsonObject;
  readonly state: JsonValue | undefined;
  readonly #options: FaceOptions;
  #lastProgress = -Infinity;

  constructor(options: FaceOptions) {
    this.capabilities = options.capabilities;
    this.state = options.state;
    this.#options = options;
  }

  get logLevel(): McpLogLevel | undefined {
    return this.#options.logLevel();
  }

  progress(progress: number, total?: number, message?: string): void {
    const { progressToken, notify } = this.#options;
    // Progress must increase with each notification (MCP, Progress): repeats and setbacks are dropped.
    if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return;
    if (progress <= this.#lastProgress) return;
    this.#lastProgress = progress;
    notify('notifications/progress', {
      progressToken,
      progress,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    });
  }

  log(level: McpLogLevel, data: JsonValue, logger?: string): void {
    const threshold = this.logLevel;
    if (threshold === undefined || LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(threshold)) return;
    this.#options.notify('notifications/message', { level, data, ...(logger !== undefined && { logger }) });
  }

  request(inputs: Readonly<Record<string, InputRequest>>, state?: JsonValue): ReturnType<CallingClient['request']> {
    const missing = missingCapabilities(inputs, this.capabilities);
    if (missing !== undefined) {
      const names = Object.keys(missing).join(', ');
      return Promise.reject(
        new RpcError(MISSING_CLIENT_CAPABILITY, `the client did not declare a capability that this needs: ${names}`, {
          data: { requiredCapabilities: missing },
          status: 400,
        }),
      );
    }
    return this.#options.ask(inputs, state);
  }

  openPage(page: PageToOpen): Promise<void> {
    const elicitation = this.capabilities['elicitation'];
    return isRecord(elicitation) && isRecord(elicitation['url']) ? this.#options.openPage(page) : Promise.resolve();
  }
}

/** A client that can be told and asked nothing: REST, `chatelaine invoke`. */
export const noClient: CallingClient = new Face({
  capabilities: {},
  progressToken: undefined,
  logLevel: () => undefined,
  notify: () => false,
  state: undefined,
  ask: () => unasked(),
  openPage: () => Promise.resolve(),
});

/** Without a declared capability nothing gets as far as being asked. */
const unasked = (): Promise<never> => Promise.reject(new Error('unreachable: no capability was declared'));

/** The capabilities that the inputs need and the client did not declare, in the shape it declares them. */
function missingCapabilities(
  inputs: Readonly<Record<string, InputRequest>>,
  declared: JsonObject,
): JsonObject | undefined {
  const missing: JsonObject = {};
  for (const input of Object.values(inputs)) {
    const [name, part] = neededCapability(input);
    const has = declared[name];
    // A bare `elicitation: {}` means forms; one that says `url` alone does not (MCP 2025-11-25, Elicitation).
    const isBare = part === 'form' && (!isRecord(has) || has['url'] === undefined);
    if (!isRecord(has)) missing[name] = part === undefined || isBare ? {} : { [part]: {} };
    else if (part !== undefined && !isBare && !isRecord(has[part])) missing[name] = { [part]: {} };
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}

function neededCapability(input: InputRequest): [name: string, part?: string] {
  switch (input.method) {
    case 'sampling/createMessage':
      return input.params['tools'] === undefined ? ['sampling'] : ['sampling', 'tools'];
    case 'elicitation/create':
      return ['elicitation', input.params['mode'] === 'url' ? 'url' : 'form'];
    case 'roots/list':
      return ['roots'];
  }
}

export const isLogLevel = (level: unknown): level is McpLogLevel => (LOG_LEVELS as readonly unknown[]).includes(level);
