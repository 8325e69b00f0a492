import type { Client } from './connect.ts';

/** What the server says of a command. */
export interface CommandFacts {
  readonly readOnly: boolean;
  /** It may wait for something to happen, and everything sent after it with it. */
  readonly blocking: boolean;
}

/**
 * The facts of commands, asked of the server once (https://redis.io/docs/latest/commands/command-info/):
 * it alone knows which commands it has, those of modules included, and which of them write.
 */
export class CommandCatalogue {
  readonly #client: Client;
  readonly #known = new Map<string, CommandFacts | undefined>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The facts of a command with its arguments; undefined when the server does not know it. Rejects when it does not tell. */
  async of(command: readonly string[]): Promise<CommandFacts | undefined> {
    const [name = '', sub = ''] = command.map((word) => word.toLowerCase());
    // `CONFIG GET` is a command of its own; `SET key` is not, and its key is nobody's business here.
    const own = await this.#ask(name);
    return own?.container ? this.#ask(`${name}|${sub}`) : own;
  }

  async #ask(name: string): Promise<(CommandFacts & { readonly container: boolean }) | undefined> {
    const known = this.#known.get(name) as (CommandFacts & { readonly container: boolean }) | undefined;
    if (known || this.#known.has(name)) return known;
    const [reply] = (await this.#client.call('COMMAND', 'INFO', name)) as readonly unknown[];
    const facts = Array.isArray(reply) ? read(reply) : undefined;
    this.#known.set(name, facts);
    return facts;
  }
}

/** Name, arity, flags, first key, last key, step, categories, tips, key specifications, subcommands. */
function read(reply: readonly unknown[]): CommandFacts & { readonly container: boolean } {
  const flags = (reply[2] as readonly unknown[]).map(String);
  const subcommands = reply[9];
  return {
    readOnly: flags.includes('readonly'),
    blocking: flags.includes('blocking'),
    container: Array.isArray(subcommands) && subcommands.length > 0,
  };
}

/** They change the connection, which calls share, or turn it into a stream that has no end. */
const OF_THE_CONNECTION = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe', 'monitor'],
  ...['multi', 'exec', 'discard', 'watch', 'unwatch', 'select', 'auth', 'hello', 'reset', 'quit'],
  ...['sync', 'psync', 'replconf', 'readonly', 'readwrite', 'asking'],
]);
const OF_THE_CLIENT = new Set(['caching', 'no-evict', 'no-touch', 'reply', 'setinfo', 'setname', 'tracking']);

/** Whether a command belongs to a connection of one's own, which a call has not. */
export function isOfTheConnection([name = '', sub = '']: readonly string[]): boolean {
  return (
    OF_THE_CONNECTION.has(name.toLowerCase()) ||
    (name.toLowerCase() === 'client' && OF_THE_CLIENT.has(sub.toLowerCase())) ||
    (name.toLowerCase() === 'script' && sub.toLowerCase() === 'debug')
  );
}
