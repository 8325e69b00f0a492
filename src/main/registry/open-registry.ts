/**
 * The registry of tools where tools run: what is registered joins the files before the first call, what other
 * processes change is taken up within a second, and what runs is remembered once nobody waits for it.
 */
import type { CatalogueTool, ServerSettings } from '#contract';
import type { Database } from '#db';
import { toolsetsOf } from '#gateway';
import type { Identity } from '#identity';
import { err, ok, startRecurring, type Logger } from '#kernel';
import {
  loadToolRegistry,
  readRegistry,
  readRegistryVersion,
  Standings,
  type PinBoard,
  type RegisteredTool,
  type RunningTools,
  type ToolRegistry,
} from '#registry';
import type { CurrentPolicies } from '#policy';
import { formatProblem, openApiTools, type ToolDocument } from '#toolbox';
import type { Configured } from '../configuration/index.ts';
import type { Endings } from '../endings.ts';

export interface RegistryServices {
  readonly registry: ToolRegistry;
  readonly pins: PinBoard;
  readonly running: RunningTools | undefined;
}

export interface OpenRegistry {
  /** What calls ask. */
  readonly standings: Standings;
  /** Loaded by the first who asks. */
  services(): Promise<RegistryServices>;
  /** Follows other processes, and remembers what runs, until it is ended. */
  follow(parts: { readonly log: Logger; readonly endings: Endings }): void;
}

/** News of other processes must hold here within a second. */
const LOOK_EVERY_MS = 400;

export async function openRegistry(parts: {
  readonly database: Database;
  readonly identity: Pick<Identity, 'frame'>;
  readonly policies: CurrentPolicies;
  readonly settings: Pick<ServerSettings, 'registry'>;
  /** Absent where no configuration is known. */
  readonly configured?: Configured | undefined;
}): Promise<OpenRegistry> {
  const { database, identity, policies, settings, configured } = parts;
  const standings = new Standings(settings.registry.pins);
  const running = configured && runningTools(configured);
  const known = await readRegistry(database.db);
  standings.replace(known.standings);
  if (known.tools.length > 0) await running?.apply(known.tools);
  configured?.settle();

  let opening: Promise<RegistryServices> | undefined;
  const services = (): Promise<RegistryServices> =>
    (opening ??= loadToolRegistry().then(({ PinBoard, ToolRegistry, publicationJudge }) => {
      const { frame } = identity;
      const judge = publicationJudge({ policies, clock: frame.clock, toolsetsOf: (tool) => setsOf(configured, tool) });
      const pins = new PinBoard({ frame, standings, running: () => running, judge });
      return { pins, running, registry: new ToolRegistry({ frame: identity.frame, pins, running }) };
    }));

  // What code defines is remembered before it is first called: a process that answers one call must not forget it.
  const news = running === undefined ? [] : [...running.all()].filter((tool) => tool.definedBy === 'code');
  if (news.length > 0) await (await services()).pins.settle(news, { pause: async () => {} });

  return {
    standings,
    services,
    follow({ log, endings }) {
      endings.add('news of registered tools', followNews({ database, services, log }));
      if (configured !== undefined) endings.add('pins of tools', rememberPins({ configured, services, log }));
    },
  };
}

/** Looks for what other processes have changed; cheap while they have changed nothing. */
function followNews({
  database,
  services,
  log,
}: {
  readonly database: Database;
  readonly services: OpenRegistry['services'];
  readonly log: Logger;
}): () => Promise<void> {
  let seen: bigint | 'unknown' | undefined;
  let version: number | undefined;
  return startRecurring(
    async () => {
      const news = database.changes.version();
      if (news === seen && news !== 'unknown') return;
      const now = await readRegistryVersion(database.db);
      // The first look is as old as what was read at the start, or a moment older.
      if (version !== undefined && now !== version) await (await services()).registry.refresh();
      version = now;
      seen = news;
    },
    {
      everyMs: LOOK_EVERY_MS,
      failed: (error) =>
        log.warn({ event: 'registry.behind', err: error }, 'changes of registered tools could not be read'),
    },
  );
}

/** Remembers the definitions that run, after the start and after every change of them. */
function rememberPins({
  configured,
  services,
  log,
}: {
  readonly configured: Configured;
  readonly services: OpenRegistry['services'];
  readonly log: Logger;
}): () => Promise<void> {
  const ending = new AbortController();
  let working = Promise.resolve();
  const remember = (): void => {
    working = working
      .then(async () => {
        // Whoever is waiting comes first, and right after a start somebody does.
        await later(REST_MS, ending.signal);
        if (ending.signal.aborted) return;
        const { pins, running } = await services();
        const tools = running === undefined ? [] : untilEnded(running.all(), () => ending.signal.aborted);
        await pins.settle(tools, { pause });
      })
      .catch((error: unknown) =>
        log.warn({ event: 'pins.behind', err: error }, 'definitions of tools could not be remembered'),
      );
  };
  const stop = configured.toolbox.onChange(remember);
  remember();
  return async () => {
    ending.abort();
    stop();
    await working;
  };
}

function* untilEnded<Item>(items: Iterable<Item>, ended: () => boolean): Generator<Item> {
  for (const item of items) {
    if (ended()) return;
    yield item;
  }
}

/** After a start or a change the first requests have the processor for themselves. */
const REST_MS = 1_000;

/** Until then, or until it is ended; keeps no process alive. */
const later = (ms: number, ended: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (ended.aborted) return resolve();
    setTimeout(resolve, ms).unref();
    ended.addEventListener('abort', () => resolve(), { once: true });
  });

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function runningTools({ toolbox, registered }: Configured): RunningTools {
  return {
    *all() {
      for (const { tools } of toolbox.current().namespaces.values()) yield* tools.values();
    },
    find: ({ namespace, name }) => toolbox.current().namespaces.get(namespace)?.tools.get(name),
    isDeclared: (name) => registered.isDeclared(name),
    broken: (name) => registered.broken(name),
    trial: (document) => registered.trial(document),
    async operations(text, source) {
      const made = openApiTools(text, { source });
      return made.ok ? ok(made.value.documents) : err(made.error);
    },
    async apply(tools) {
      const applied = await registered.apply(tools.map(documentOf));
      if (!applied.ok) throw new Error(applied.error.map((problem) => formatProblem(problem)).join('\n'));
    },
  };
}

/** The toolsets and groups in which files name it: a tool that is only being registered is in those of its name. */
function setsOf(configured: Configured | undefined, { namespace, name }: CatalogueTool): readonly string[] {
  const view = configured?.toolbox.current().namespaces.get(namespace);
  const running = view?.tools.get(name);
  return view === undefined || running === undefined ? [] : toolsetsOf(view, running);
}

const documentOf = ({
  id,
  namespace,
  name,
  revision,
  document,
  owner,
  status,
  replacedBy,
}: RegisteredTool): ToolDocument => ({
  ...{ namespace, name, text: document },
  registration: { id, revision, owner },
  entry: { owner: `${owner.kind}:${owner.sub}`, status, ...(replacedBy !== undefined && { replacedBy }) },
});
