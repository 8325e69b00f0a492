import { LOG_LEVELS, type McpLogLevel } from '#contract';
import type { ServerConnection } from '../connections/server-connection.ts';

interface Levels {
  /** Of the calls that run. */
  readonly wanted: McpLogLevel[];
  /** What the server was told last. */
  told: McpLogLevel | undefined;
  telling: Promise<void>;
}

/**
 * The level of messages of sessions. A session has one, and several calls run in it: it is that of the one who wants to
 * hear most, and each client is told what it wants. What fails here costs messages and no answer.
 */
export class SessionLevels {
  readonly #sessions = new WeakMap<ServerConnection, Levels>();

  /** Sees to it that the server says what a call wants to hear, from before it begins until the returned function. */
  async enter(connection: ServerConnection, level: McpLogLevel | undefined, signal: AbortSignal): Promise<() => void> {
    if (level === undefined || connection.capabilities['logging'] === undefined) return () => {};
    let levels = this.#sessions.get(connection);
    if (levels === undefined) {
      levels = { wanted: [], told: undefined, telling: Promise.resolve() };
      this.#sessions.set(connection, levels);
    }
    const { wanted } = levels;
    wanted.push(level);
    // One after the other: two on their way at once may arrive in either order.
    await (levels.telling = levels.telling.then(() => tell(connection, levels, signal)));
    let hasLeft = false;
    return () => {
      if (!hasLeft) wanted.splice(wanted.indexOf(level), 1);
      hasLeft = true;
    };
  }
}

async function tell(connection: ServerConnection, levels: Levels, signal: AbortSignal): Promise<void> {
  const level = LOG_LEVELS.find((one) => levels.wanted.includes(one));
  if (level === undefined || levels.told === level) return;
  await connection.request('logging/setLevel', { level }, { signal }).then(
    () => (levels.told = level),
    () => (levels.told = undefined),
  );
}
