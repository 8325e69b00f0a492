import { toolboxError } from '../../errors.ts';
import { callDeadline } from '../call-deadline.ts';
import type { QueryLimits, Source, SourceContext } from '../source.ts';
import { untilAborted } from '../until-aborted.ts';
import { CommandCatalogue, isOfTheConnection, type CommandFacts } from './command-facts.ts';
import type { RedisConfig } from './config.ts';
import { connect, unreachable, type Client } from './connect.ts';

const CHECK_TIMEOUT_MS = 5000;

/** A reply as the driver gives it, or the error that the server answered with. */
export type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

interface Connection {
  readonly client: Client;
  readonly commands: CommandCatalogue;
}

/**
 * A Redis or Valkey server. One connection serves all calls, since the server answers in order anyway;
 * commands that wait for something have one of their own. A lost connection is made again by the next
 * call, and no command is ever sent twice.
 */
export class RedisSource implements Source {
  readonly type: string;
  readonly readOnly: boolean;
  readonly egress: readonly string[];
  readonly #config: RedisConfig;
  readonly #context: Pick<SourceContext, 'name' | 'directory' | 'secrets'>;
  /** Of the secrets that the connection was made with. */
  readonly #stamp: (() => Promise<string>) | undefined;
  #madeWith: string | undefined;
  #connection: Promise<Connection> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(type: string, config: RedisConfig, context: Pick<SourceContext, 'name' | 'directory' | 'secrets'>) {
    this.type = type;
    this.readOnly = config.readOnly;
    this.egress = config.address.map(({ host, port }) => `redis://${host}:${port}`);
    this.#config = config;
    this.#context = context;
    this.#stamp = context.secrets.stamp([config.password, config.tls?.cert, config.tls?.key]);
  }

  /**
   * Sends commands, one after another without waiting in between, and resolves to their replies in
   * order. Nothing is sent when one of them may not be. Rejects with `SOURCE_UNREACHABLE`,
   * `READ_ONLY`, `TOOL_FAILED`, `TOOL_TIMEOUT` or the signal's reason; what the server has begun by then
   * it ends, since Redis cannot be told to stop.
   */
  async run(
    commands: readonly (readonly string[])[],
    limits: Pick<QueryLimits, 'signal' | 'timeoutMs' | 'readOnly'>,
  ): Promise<readonly Reply[]> {
    if (this.#closed) throw toolboxError('SOURCE_UNREACHABLE', `the source \`${this.#context.name}\` was closed`);
    const call = this.#call(commands, limits);
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }

  async check(signal: AbortSignal): Promise<void> {
    const limits = { signal, timeoutMs: CHECK_TIMEOUT_MS, readOnly: false };
    try {
      const [pong] = await this.run([['PING']], limits);
      if (pong?.ok === false) throw pong.error;
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(this.#config, error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    const connection = await this.#connection?.catch(() => undefined);
    connection?.client.disconnect();
    this.#connection = undefined;
  }

  async #call(
    commands: readonly (readonly string[])[],
    limits: Pick<QueryLimits, 'signal' | 'timeoutMs' | 'readOnly'>,
  ): Promise<readonly Reply[]> {
    const deadline = callDeadline(limits);
    const { signal } = deadline;
    const connection = this.#connection;
    try {
      return await untilAborted(this.#send(commands, limits.readOnly || this.readOnly, signal), signal);
    } catch (error) {
      // No answer in time may mean that there is nobody any more, which TCP notices after minutes.
      if (signal.aborted && !limits.signal.aborted) this.#retire(connection ?? this.#connection);
      throw error;
    } finally {
      deadline.clear();
    }
  }

  async #send(
    commands: readonly (readonly string[])[],
    readOnly: boolean,
    signal: AbortSignal,
  ): Promise<readonly Reply[]> {
    const shared = await this.#connect();
    const facts: (CommandFacts | undefined)[] = [];
    for (const command of commands) facts.push(await this.#permit(shared.commands, command, readOnly));
    signal.throwIfAborted();
    const waits = facts.some((fact) => fact === undefined || fact.blocking);
    return waits ? this.#sendApart(commands, signal) : this.#sendOn(shared.client, commands);
  }

  /** On a connection of its own, which is cut when nobody waits any more: then the server stops waiting too. */
  async #sendApart(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<readonly Reply[]> {
    const client = await connect(this.#target);
    const cut = (): void => client.disconnect();
    signal.addEventListener('abort', cut, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#sendOn(client, commands);
    } finally {
      signal.removeEventListener('abort', cut);
      client.disconnect();
    }
  }

  async #sendOn(client: Client, commands: readonly (readonly string[])[]): Promise<readonly Reply[]> {
    // All are written before the first reply comes: the driver sends in the order of the calls.
    const sent = commands.map(async ([name = '', ...args]) => client.callBuffer(name, ...args));
    const settled = await Promise.allSettled(sent);
    return settled.map((outcome): Reply => {
      if (outcome.status === 'fulfilled') return { ok: true, value: outcome.value };
      const error = outcome.reason as Error;
      // The server's own words have a name; everything else is the connection's.
      if (error.name !== 'ReplyError') throw unreachable(this.#config, error);
      return { ok: false, error };
    });
  }

  async #permit(
    catalogue: CommandCatalogue,
    command: readonly string[],
    readOnly: boolean,
  ): Promise<CommandFacts | undefined> {
    const name = command[0] ?? '';
    if (isOfTheConnection(command)) {
      throw toolboxError('TOOL_FAILED', `\`${name}\` is refused: it would change the connection, which calls share`);
    }
    let facts: CommandFacts | undefined;
    try {
      facts = await catalogue.of(command);
    } catch (cause) {
      if ((cause as Error).name !== 'ReplyError') throw unreachable(this.#config, cause);
      if (!readOnly) return undefined;
      throw toolboxError(
        'READ_ONLY',
        `whether \`${name}\` only reads is for the server to say, and it does not: ${(cause as Error).message}`,
        { cause },
      );
    }
    if (readOnly && facts?.readOnly !== true) {
      throw toolboxError('READ_ONLY', `\`${name}\` is not a command that the server calls \`readonly\``);
    }
    // XREAD may wait, but only does so when it is told to.
    const waits = facts?.blocking === true && (!/^xread/i.test(name) || command.some((word) => /^block$/i.test(word)));
    return facts && { ...facts, blocking: waits };
  }

  get #target(): Parameters<typeof connect>[0] {
    const { directory, secrets } = this.#context;
    return { config: this.#config, directory, secrets };
  }

  /**
   * The shared connection; one attempt at a time, forgotten as soon as it failed or was lost, and
   * replaced when a secret that it was made with is no longer the one to use.
   */
  async #connect(): Promise<Connection> {
    if (this.#stamp !== undefined) await this.#renew(this.#stamp);
    if (this.#connection) return this.#connection;
    const attempt = connect(this.#target).then((client) => {
      client.once('end', () => this.#forget(attempt));
      return { client, commands: new CommandCatalogue(client) };
    });
    this.#connection = attempt;
    attempt.catch(() => this.#forget(attempt));
    return attempt;
  }

  async #renew(stamp: () => Promise<string>): Promise<void> {
    let now: string | undefined;
    try {
      now = await stamp();
    } finally {
      if (now !== this.#madeWith) this.#retire(this.#connection);
      this.#madeWith = now;
    }
  }

  /** Lets the next call connect anew, and cuts the old connection when nobody waits on it any more. */
  #retire(attempt: Promise<Connection> | undefined): void {
    if (!attempt) return;
    this.#forget(attempt);
    void Promise.allSettled(this.#running)
      .then(async () => (await attempt).client.disconnect())
      .catch(() => undefined);
  }

  #forget(attempt: Promise<Connection>): void {
    if (this.#connection === attempt) this.#connection = undefined;
  }
}
