import { prefixOf, type CallerFace, type ClientFace, type McpServerDeclaration } from '#contract';
import { ChatelaineError, err, formatDuration, type JsonObject } from '#kernel';
import type { FederatedServer, Offered, ServerOffer, SourceState } from '#toolbox';
import { Bridge, ParkedCalls, refusalOf, type AskedRequest } from './bridge/index.ts';
import type { Behalf } from './bridge/bridge.ts';
import { CallerCatalogue, Catalogue, LIST_CHANGED, type ChangedList, type Known } from './catalogue/index.ts';
import { acceptTools } from './catalogue/definitions.ts';
import { connectionError } from './connections/errors.ts';
import type { ServerConnection } from './connections/index.ts';
import { Connector, type ConnectorParts } from './connector.ts';
import {
  connectTool,
  credentialOf,
  federatedPrompt,
  federatedResource,
  federatedTemplate,
  federatedTool,
  unlistedResources,
  type Asker,
} from './entries/index.ts';
import { LatestCaller } from './latest-caller.ts';
import { askableOf, connectionKey, ConnectionPool, type Lease } from './pool/index.ts';

export interface ServerOptions extends ConnectorParts {
  /** Called whenever it offers something else than before. */
  readonly changed: () => void;
  /** Called whenever it offers one caller something else than before. */
  readonly changedFor: (context: string, lists: ReadonlySet<ChangedList>) => void;
}

const INTRODUCTION_MS = 20_000;
const OPENING_MS = 30_000;

/** Nobody is there yet who could answer. */
const NOBODY_TO_ASK: ClientFace = {
  ...{ capabilities: {}, state: undefined, progress: () => {}, log: () => {} },
  request: () => Promise.reject(new Error('nobody can be asked before there is a call')),
};

const NOTHING: ServerOffer = {
  ...{ instructions: undefined, tools: [], prompts: [], resources: [], resourceTemplates: [], unlisted: undefined },
};

/** One MCP server behind us, from its document to its end. */
export class Server implements FederatedServer, Asker {
  readonly declaration: McpServerDeclaration;
  readonly #options: ServerOptions;
  readonly #connector: Connector;
  readonly #catalogue: Catalogue | CallerCatalogue;
  readonly shows: Asker['shows'];
  readonly #pool: ConnectionPool;
  readonly #parked: ParkedCalls;
  readonly #bridge: Bridge;
  #offer: { readonly of: Known | undefined; readonly offer: ServerOffer } | undefined;
  readonly #callers = new WeakMap<ServerConnection, LatestCaller>();
  #away: Catalogue['standing'] | undefined;
  #running = 0;
  #retired: PromiseWithResolvers<void> | undefined;
  readonly #gone = Promise.withResolvers<void>();
  /** Resolves when it was taken away. */
  readonly retired = this.#gone.promise;

  constructor(declaration: McpServerDeclaration, options: ServerOptions) {
    const { name, maxConnections: most, idle: idleMs } = declaration;
    const { changed, changedFor, clock, log } = options;
    this.declaration = declaration;
    this.#options = options;
    this.#connector = new Connector(declaration, options);
    const personal =
      this.#connector.auth?.perCaller === true
        ? new CallerCatalogue({ declaration, changed, changedFor, clock, log })
        : undefined;
    this.#catalogue = personal ?? new Catalogue({ declaration, connector: this.#connector, changed, log });
    this.shows = personal && ((context, kind, raw) => personal.shows(context, kind, raw));
    this.#pool = new ConnectionPool({ name, most, idleMs, clock });
    this.#parked = new ParkedCalls(options.answersWithinMs);
    this.#bridge = new Bridge({ server: name, lease: (...asked) => this.#lease(...asked), parked: this.#parked });
  }

  /** Begins to ask what there is. Nothing waits for the answer. */
  start(): this {
    const { name } = this.declaration;
    if (credentialOf(this.declaration).inTheClear)
      this.#options.log.warn(
        { event: 'server.in-the-clear', server: name },
        'an MCP server is sent credentials over plain http, readable on the way',
      );
    this.#catalogue.start();
    return this;
  }

  /** Resolves when it has answered for the first time, or has failed to. */
  get first(): Promise<void> {
    return this.#catalogue.first;
  }

  offer(): ServerOffer {
    const { known } = this.#catalogue;
    if (known === undefined && this.shows === undefined) return NOTHING;
    // The same entries as long as it offers the same: what is remembered of a tool is remembered by the object.
    if (this.#offer === undefined || this.#offer.of !== known)
      this.#offer = { of: known, offer: known === undefined ? this.#unasked() : this.#entries(known) };
    return this.#offer.offer;
  }

  get state(): SourceState {
    const { name } = this.declaration;
    return { name, type: 'mcp', probe: () => Promise.resolve(this.#away ?? this.#catalogue.standing) };
  }

  ask(request: AskedRequest, behalf: Behalf): Promise<JsonObject> {
    return this.#bridge.ask(request, behalf);
  }

  async connect(behalf: Behalf): Promise<number> {
    try {
      const lease = await this.#lease(behalf);
      lease.release();
    } catch (error) {
      throw refusalOf(error, this.declaration.name);
    }
    return this.offer().tools.length;
  }

  /**
   * Sees to it that it is known what the caller is offered, before they look. Rejects with what is the matter, on
   * whichever side: who is shown nothing then would take a server that is away for one that has nothing.
   */
  async introduce(caller: CallerFace): Promise<void> {
    const { name } = this.declaration;
    const catalogue = this.#catalogue;
    if (!(catalogue instanceof CallerCatalogue)) {
      if (catalogue.known !== undefined) return;
      const { standing } = catalogue;
      const reason = standing.ok ? 'it has not answered yet' : standing.error.reason;
      throw connectionError('SERVER_UNAVAILABLE', `\`${name}\` has not said what it offers: ${reason}`);
    }
    if (catalogue.hasTold(caller.context)) return;
    try {
      await this.connect({ caller, client: NOBODY_TO_ASK, signal: AbortSignal.timeout(INTRODUCTION_MS) });
    } catch (error) {
      if (error instanceof ChatelaineError) throw error;
      this.#options.log.warn({ event: 'server.away', server: name, err: error }, 'an MCP server does not answer');
      throw connectionError('SERVER_UNAVAILABLE', `\`${name}\` does not answer`, { cause: error });
    }
  }

  /** The sign-ins in whose names something is open at it. */
  signIns(): readonly string[] {
    return this.#pool.signIns();
  }

  /** Ends what is open in the name of one of the sign-ins, which are over. */
  signedOut(signIns: ReadonlySet<string>): void {
    this.#parked.endOf(signIns);
    this.#pool.endOf(signIns);
  }

  watch(uri: string, changed: () => void, signal: AbortSignal): void {
    this.#catalogue.watch(uri, changed, signal);
  }

  enter(): boolean {
    if (this.#retired !== undefined && this.#running === 0) return false;
    this.#running++;
    return true;
  }

  leave(): void {
    if (--this.#running === 0 && this.#retired !== undefined) this.#close();
  }

  retire(): Promise<void> {
    if (this.#retired === undefined) {
      this.#retired = Promise.withResolvers();
      this.#gone.resolve();
      if (this.#running === 0) this.#close();
    }
    return this.#retired.promise;
  }

  #close(): void {
    this.#parked.end();
    Promise.all([this.#catalogue.end(), this.#pool.end()])
      .then(() => this.#connector.close())
      .then(
        () => this.#retired?.resolve(),
        (error: unknown) => {
          this.#options.log.warn({ err: error, server: this.declaration.name }, 'an MCP server did not close cleanly');
          this.#retired?.resolve();
        },
      );
  }

  async #lease({ caller, client, signal: wanted }: Behalf, request?: AskedRequest): Promise<Lease> {
    const { auth } = this.#connector;
    const { declaration } = this;
    const known = this.#catalogue.known?.server;
    const capabilities = askableOf(client.capabilities, declaration);
    const isSession = known?.era !== 'stateless';
    const isPerCaller = auth?.perCaller === true || (isSession && !declaration.shared);
    const key = connectionKey(caller, capabilities, { isPerCaller });
    const open = async (abandoned: AbortSignal): Promise<ServerConnection> => {
      this.#away = undefined;
      const latest = new LatestCaller(caller);
      const late = AbortSignal.timeout(OPENING_MS);
      const signal = AbortSignal.any([abandoned, late]);
      const connection = await this.#connector
        .open({ caller: latest, capabilities, known, signal })
        .catch((error: unknown) => this.#noted(late.aborted ? this.#tooLate(error) : error));
      this.#callers.set(connection, latest);
      this.#hear(connection, caller.context);
      return connection;
    };
    const signIn = isPerCaller ? caller.signIn : undefined;
    const lease = await this.#pool.lease(key, open, { signal: wanted, signIn });
    if (isPerCaller) this.#callers.get(lease.connection)?.came(caller);
    if (!(this.#catalogue instanceof CallerCatalogue)) return lease;
    try {
      await this.#catalogue.learn(caller.context, lease.connection);
      if (request?.definition !== undefined) this.#catalogue.check(caller.context, request.definition);
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  #tooLate(cause: unknown): Error {
    const within = formatDuration(OPENING_MS);
    return connectionError('SERVER_UNAVAILABLE', `\`${this.declaration.name}\` opens no connection within ${within}`, {
      cause,
    });
  }

  /** What keeps a connection from coming about, if it is the server's side and not that of whoever keeps tokens. */
  readonly #noted = (error: unknown): never => {
    if (error instanceof ChatelaineError && /^(?:SERVER|EGRESS)_/.test(error.code) && error.status >= 500)
      this.#away = err({ reason: error.message });
    throw error;
  };

  /** What the server tells one caller of its lists is for that caller. */
  #hear(connection: ServerConnection, context: string): void {
    const catalogue = this.#catalogue;
    if (!(catalogue instanceof CallerCatalogue)) return;
    connection.onNews((method) => {
      if (!LIST_CHANGED.test(method)) return;
      catalogue.stale(context);
      catalogue.learn(context, connection).catch((error: unknown) => {
        const { name } = this.declaration;
        this.#options.log.debug({ server: name, err: error }, 'what an MCP server offers a caller is not known anew');
      });
    });
  }

  /** Of a server that answers each caller by themselves, while none has come. */
  #unasked(): ServerOffer {
    return { ...NOTHING, tools: [connectTool(this)] };
  }

  #entries({ lists, server: { instructions } }: Known): ServerOffer {
    const { declaration } = this;
    const prefix = prefixOf(declaration);
    const { tools, leftOut } = acceptTools(lists.tools, declaration);
    for (const reason of leftOut)
      this.#options.log.warn(
        { event: 'server.left-out', server: declaration.name, reason },
        'something of an MCP server is left out',
      );
    const all = <Entry>(
      list: readonly JsonObject[],
      made: (raw: JsonObject, prefix: string, asker: Asker) => Offered<Entry> | undefined,
    ): readonly Offered<Entry>[] => list.flatMap((raw) => made(raw, prefix, this) ?? []);
    return {
      instructions,
      tools: tools.map((accepted) => ({ tool: federatedTool(accepted, this), theirName: accepted.theirName })),
      prompts: all(lists.prompts, federatedPrompt),
      resources: all(lists.resources, federatedResource),
      resourceTemplates: all(lists.resourceTemplates, federatedTemplate),
      unlisted: lists.resources.length > 0 || lists.resourceTemplates.length > 0 ? unlistedResources(this) : undefined,
    };
  }
}
