import type { OpenServer } from '#toolbox';
import type { ConnectorParts } from './connector.ts';
import { Server } from './server.ts';

/** The servers of a process, as the toolbox opens them, and their news together. */
export interface OpenServers {
  readonly open: OpenServer;
  /**
   * Calls back after something that some server offers is another, once for all that happened since the last time it
   * was called. It may be slow: nothing is missed meanwhile.
   */
  onChange(listener: () => Promise<void>): void;
  /** Resolves when every server has answered for the first time or failed to, or the time is up. */
  settled(ms: number): Promise<void>;
}

export function openServers(parts: ConnectorParts): OpenServers {
  const { log } = parts;
  let listener: (() => Promise<void>) | undefined;
  let isStale = false;
  let telling: Promise<void> | undefined;
  const firsts = new Set<Promise<void>>();

  /** One at a time, and once more for what changed meanwhile. */
  function tell(): void {
    isStale = true;
    const told = listener;
    if (told === undefined || telling !== undefined) return;
    telling = tellAll(told).finally(() => (telling = undefined));
  }

  async function tellAll(told: () => Promise<void>): Promise<void> {
    do {
      isStale = false;
      await told().catch((error: unknown) =>
        log.error({ event: 'servers.behind', err: error }, 'what MCP servers offer could not be taken up'),
      );
    } while (isStale);
  }

  return {
    open(declaration) {
      const server = new Server(declaration, { ...parts, changed: tell });
      firsts.add(server.first);
      void server.first.then(() => firsts.delete(server.first));
      return server.start();
    },
    onChange(next) {
      listener = next;
      if (isStale) tell();
    },
    async settled(ms) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, ms);
      await Promise.race([Promise.all(firsts), late.promise]);
      clearTimeout(timer);
      await telling;
    },
  };
}
