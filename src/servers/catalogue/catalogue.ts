import { NOBODY, type McpServerDeclaration } from '#contract';
import { err, isRecord, ok, type JsonObject, type Logger, type Result } from '#kernel';
import type { SourceFault } from '#toolbox';
import { keepListening, type KnownServer, type ServerConnection, type Subscribable } from '../connections/index.ts';
import type { Connector } from '../connector.ts';
import { askableOf } from '../pool/index.ts';
import { readLists, type KnownLists } from './read-lists.ts';

export interface Known {
  readonly lists: KnownLists;
  readonly server: KnownServer;
}

/**
 * What any client may be able to do: some servers have a tool only for those who can sample, and one that is not listed
 * here is there for nobody. Whoever calls it says what they can do themselves; over this connection nothing is answered.
 */
const ANY_CLIENT: JsonObject = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const OPENING_MS = 30_000;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 60_000;
/** News come in swarms; the lists are read once for a swarm. */
const GATHERING_MS = 50;

export const LIST_CHANGED = /^notifications\/(?:tools|prompts|resources)\/list_changed$/;
const UPDATED = 'notifications/resources/updated';

/** What one server offers, kept up to date over a connection of its own in nobody's name. */
export class Catalogue {
  readonly #declaration: McpServerDeclaration;
  readonly #connector: Connector;
  readonly #changed: () => void;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  readonly #watched = new Map<string, Set<() => void>>();
  readonly #first = Promise.withResolvers<void>();
  #known: Known | undefined;
  #digest = '';
  #fault: SourceFault | undefined;
  #connection: ServerConnection | undefined;
  #following: Promise<void> | undefined;
  /** The subscriptions that are open: one, and those that it takes the place of. */
  readonly #listening = new Set<AbortController>();
  #heard: ((method: string, params: JsonObject) => void) | undefined;

  constructor(options: { declaration: McpServerDeclaration; connector: Connector; changed: () => void; log: Logger }) {
    this.#declaration = options.declaration;
    this.#connector = options.connector;
    this.#changed = options.changed;
    this.#log = options.log;
  }

  /** What is known now; undefined before the server has answered for the first time. */
  get known(): Known | undefined {
    return this.#known;
  }

  /** Resolves when the server has answered for the first time, or has failed to. */
  get first(): Promise<void> {
    return this.#first.promise;
  }

  /** How the last attempt went. */
  get standing(): Result<void, SourceFault> {
    if (this.#fault !== undefined) return err(this.#fault);
    return this.#known === undefined ? err({ reason: 'it has not answered yet' }) : ok(undefined);
  }

  start(): void {
    this.#following ??= this.#follow();
  }

  async end(): Promise<void> {
    this.#ending.abort(new Error('the server was taken away'));
    this.#watched.clear();
    await this.#following;
  }

  /** Calls back whenever the server says that what is at the URI is another now, until the signal aborts. */
  watch(uri: string, changed: () => void, signal: AbortSignal): void {
    const watchers = this.#watched.get(uri) ?? new Set();
    const isNew = watchers.size === 0;
    watchers.add(changed);
    this.#watched.set(uri, watchers);
    if (isNew) void this.#subscribe([uri], 'resources/subscribe');
    const stop = (): void => {
      watchers.delete(changed);
      if (watchers.size > 0 || this.#watched.get(uri) !== watchers) return;
      this.#watched.delete(uri);
      void this.#subscribe([uri], 'resources/unsubscribe');
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#once(() => (failures = 0));
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#fault === undefined)
          this.#log.warn(
            { event: 'server.away', server: this.#declaration.name, reason },
            'an MCP server does not answer',
          );
        this.#fault = { reason };
        failures++;
      } finally {
        this.#first.resolve();
      }
      await rest(Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.max(0, failures - 1)), signal);
    }
  }

  /** One connection, from its opening to its end. */
  async #once(answered: () => void): Promise<void> {
    const { signal } = this.#ending;
    const connection = await this.#connector.open({
      ...{ caller: NOBODY, capabilities: askableOf(ANY_CLIENT, this.#declaration) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(OPENING_MS)]),
    });
    const over = Promise.withResolvers<void>();
    over.promise.catch(() => {});
    const stale = new Bell();
    const heard = (method: string, params: JsonObject): void => {
      if (LIST_CHANGED.test(method)) stale.ring();
      else if (method === UPDATED && typeof params['uri'] === 'string') this.#updated(params['uri']);
    };
    const stops = [connection.onNews(heard), connection.onEnd(over.reject)];
    const stop = (): void => over.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.#connection = connection;
      // Before anything is read: what changes in between would be missed for ever.
      this.#heard = heard;
      const isLate = this.#known !== undefined;
      if (connection.era === 'stateless') this.#listen(connection, isLate);
      else await this.#subscribe([...this.#watched.keys()], 'resources/subscribe');
      // What changed while there was no connection nobody has told.
      if (isLate && connection.era === 'session') for (const uri of this.#watched.keys()) this.#updated(uri);
      while (!signal.aborted) {
        stale.hush();
        await this.#read(connection);
        answered();
        this.#first.resolve();
        const waiting = new AbortController();
        await Promise.race([
          ...[stale.rung, over.promise],
          rest(this.#declaration.refresh, AbortSignal.any([signal, waiting.signal])),
        ]).finally(() => waiting.abort());
        await Promise.race([rest(GATHERING_MS, signal), over.promise]);
      }
    } finally {
      this.#connection = undefined;
      for (const one of this.#listening) one.abort();
      this.#listening.clear();
      signal.removeEventListener('abort', stop);
      for (const unhear of stops) unhear();
      await connection.close().catch(() => {});
    }
  }

  async #read(connection: ServerConnection): Promise<void> {
    const lists = await readLists(connection, this.#declaration.name, this.#ending.signal);
    const { era, version, capabilities, serverInfo, instructions } = connection;
    if (this.#fault !== undefined)
      this.#log.info({ event: 'server.back', server: this.#declaration.name }, 'an MCP server answers again');
    this.#fault = undefined;
    const digest = JSON.stringify([lists, instructions, era, version, capabilities]);
    if (digest === this.#digest) return;
    this.#digest = digest;
    this.#known = { lists, server: { era, version, capabilities, serverInfo, instructions } };
    this.#changed();
  }

  /**
   * A stateless server tells of resources that one long request names. Of its lists the connection hears by itself. The
   * request before goes on until the next is acknowledged, so that nothing is missed between the two.
   */
  #listen(connection: ServerConnection, isLate = false): void {
    if (connection.era !== 'stateless' || this.#heard === undefined || !tellsOfResources(connection)) return;
    const before = [...this.#listening];
    const end = (): void => {
      for (const one of before) if (this.#listening.delete(one)) one.abort();
    };
    const uris = [...this.#watched.keys()];
    if (uris.length === 0) return end();
    const listening = new AbortController();
    this.#listening.add(listening);
    const opened = (isAgain: boolean): void => {
      end();
      if (isAgain || isLate) for (const uri of uris) this.#updated(uri);
    };
    const listen: Subscribable['listen'] = (...asked) => connection.request('subscriptions/listen', ...asked);
    const signal = AbortSignal.any([this.#ending.signal, listening.signal]);
    void keepListening(
      { server: this.#declaration.name, log: this.#log, listen },
      { resourceSubscriptions: uris },
      { news: this.#heard, opened },
      signal,
    );
  }

  async #subscribe(uris: readonly string[], method: string): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (connection.era === 'stateless') return this.#listen(connection);
    if (!tellsOfResources(connection)) return;
    const { signal } = this.#ending;
    await Promise.all(uris.map((uri) => connection.request(method, { uri }, { signal }).catch(() => {})));
  }

  #updated(uri: string): void {
    for (const changed of this.#watched.get(uri) ?? []) changed();
  }
}

const tellsOfResources = ({ capabilities: { resources } }: ServerConnection): boolean =>
  isRecord(resources) && resources['subscribe'] === true;

/** Rings once for all that happened since it was hushed. */
class Bell {
  #ringing = Promise.withResolvers<void>();

  get rung(): Promise<void> {
    return this.#ringing.promise;
  }

  ring(): void {
    this.#ringing.resolve();
  }

  hush(): void {
    this.#ringing = Promise.withResolvers();
  }
}

/** Until then, or until the signal aborts; keeps no process alive. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
