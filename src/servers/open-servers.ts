import { prefixOf, type CallerFace } from '#contract';
import type { OpenServer } from '#toolbox';
import type { ChangedList } from './catalogue/index.ts';
import type { ConnectorParts } from './connector.ts';
import { Server } from './server.ts';

export type CallerChange = (context: string, lists: ReadonlySet<ChangedList>) => void;

/** A tool by its name in a namespace. */
export interface WantedTool {
  readonly namespace: string;
  readonly name: string;
}

/** The servers of a process, as the toolbox opens them, and their news together. */
export interface OpenServers {
  readonly open: OpenServer;
  /**
   * Calls back after something that some server offers is another, once for all that happened since the last time it
   * was called. It may be slow: nothing is missed meanwhile.
   */
  onChange(listener: () => Promise<void>): void;
  /** Calls back after something that some server offers one caller is another, with the caller's context. */
  onCallerChange(listener: CallerChange): void;
  /**
   * Sees to it that the caller finds what each server offers them; costs nothing once it is known. Rejects with the
   * first that cannot say it. Of a tool that is wanted, only a server that could have it is asked.
   */
  introduce(caller: CallerFace, wanted?: WantedTool): Promise<void>;
  /** The sign-ins in whose names something is open at a server. */
  signIns(): ReadonlySet<string>;
  /** Ends what is open in the name of one of the sign-ins, with the server too. */
  signedOut(signIns: ReadonlySet<string>): void;
  /** Resolves when every server has answered for the first time or failed to, or the time is up. */
  settled(ms: number): Promise<void>;
}

export function openServers(parts: ConnectorParts): OpenServers {
  const { log } = parts;
  let listener: (() => Promise<void>) | undefined;
  let isStale = false;
  let toldOfCaller: CallerChange | undefined;
  let telling: Promise<void> | undefined;
  const running = new Set<Server>();
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
      const server = new Server(declaration, {
        ...{ ...parts, changed: tell, changedFor: (...change) => toldOfCaller?.(...change) },
      });
      running.add(server);
      void server.retired.then(() => running.delete(server));
      firsts.add(server.first);
      void server.first.then(() => firsts.delete(server.first));
      return server.start();
    },
    onChange(next) {
      listener = next;
      if (isStale) tell();
    },
    onCallerChange: (next) => void (toldOfCaller = next),
    async introduce(caller, wanted) {
      const asked = Array.from(running).filter((server) => wanted === undefined || couldHave(server, wanted));
      await Promise.all(asked.map((server) => server.introduce(caller)));
      await telling;
    },
    signIns: () => new Set(Array.from(running, (server) => server.signIns()).flat()),
    signedOut(signIns) {
      for (const server of running) server.signedOut(signIns);
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

const couldHave = ({ declaration }: Server, { namespace, name }: WantedTool): boolean =>
  declaration.namespace === namespace &&
  (name.startsWith(prefixOf(declaration)) || Object.values(declaration.tools.rename).includes(name));
