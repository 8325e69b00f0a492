/** Named selections of a namespace: the group of everything, toolsets and groups. */
import { progressiveFrom, type Configuration, type Listing } from '#contract';
import type { DoorNames, Group, Prompt, Resource, ResourceTemplate, Tool } from '../snapshot.ts';

/** Everything of a namespace by name. */
export interface Contents {
  readonly tools: ReadonlyMap<string, Tool>;
  readonly prompts: ReadonlyMap<string, Prompt>;
  readonly resources: ReadonlyMap<string, Resource>;
  readonly resourceTemplates: ReadonlyMap<string, ResourceTemplate>;
  /** Names of the MCP Apps among the last two: read through the tools that name them, listed nowhere. */
  readonly apps: ReadonlySet<string>;
  /** The app that each tool names. */
  readonly appOf: ReadonlyMap<string, string>;
}

type Selecting = Pick<Configuration, 'toolsets' | 'groups'>;

/** How long clients may keep lists where nothing says otherwise. */
export const TTL_MS = 300_000;

/** The groups of one namespace; `declared` holds those of this namespace alone. */
export function buildGroups(contents: Contents, declared: Selecting): { all: Group; groups: Map<string, Group> } {
  const unnamed = declared.groups.find((group) => group.name === undefined);
  const everything = {
    tools: namesOf(contents.tools),
    prompts: namesOf(contents.prompts),
    resources: namesOf(contents.resources).filter((name) => !contents.apps.has(name)),
    resourceTemplates: namesOf(contents.resourceTemplates).filter((name) => !contents.apps.has(name)),
  };
  const all = select(contents, {
    ...everything,
    name: '',
    description: unnamed?.description,
    listing: unnamed?.listing,
    ttlMs: unnamed?.ttlMs ?? TTL_MS,
    cacheScope: unnamed?.cacheScope ?? 'private',
  });
  const groups = new Map<string, Group>();
  const joining = joiningTools(contents.tools);
  const toolsOf = (name: string, listed: readonly string[] = []) => [...listed, ...(joining.get(name) ?? [])];
  for (const toolset of declared.toolsets) {
    const tools = toolsOf(toolset.name, toolset.tools);
    groups.set(toolset.name, select(contents, { ...toolset, tools, ttlMs: TTL_MS, cacheScope: 'private' }));
  }
  for (const { name, ...group } of declared.groups) {
    if (name !== undefined) groups.set(name, select(contents, { ...group, name, tools: toolsOf(name, group.tools) }));
  }
  return { all, groups };
}

/** Tools that join a group by their own word, by name, under that of the group. */
function joiningTools(tools: Contents['tools']): ReadonlyMap<string, readonly string[]> {
  const joining = new Map<string, string[]>();
  for (const name of namesOf(tools)) {
    for (const group of tools.get(name)?.toolsets ?? []) joining.set(group, [...(joining.get(group) ?? []), name]);
  }
  return joining;
}

interface Selection {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly prompts?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceTemplates?: readonly string[] | undefined;
  readonly listing?: Listing | undefined;
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

function select(contents: Contents, selection: Selection): Group {
  const { name, description, listing, ttlMs, cacheScope } = selection;
  const tools = pick(contents.tools, selection.tools);
  const apps = tools.map((tool) => contents.appOf.get(tool.name)).filter((app) => app !== undefined);
  return {
    name,
    description,
    tools,
    prompts: pick(contents.prompts, selection.prompts),
    resources: pick(contents.resources, selection.resources),
    resourceTemplates: pick(contents.resourceTemplates, selection.resourceTemplates),
    apps: { resources: pick(contents.resources, apps), resourceTemplates: pick(contents.resourceTemplates, apps) },
    progressiveFrom: listing && progressiveFrom(listing),
    ttlMs,
    cacheScope,
  };
}

export const doorNamesOf = (names: readonly (readonly [name: string, shown: string])[]): DoorNames => ({
  shown: new Map(names),
  meant: new Map(names.map(([name, shown]) => [shown, name])),
});

/** What the names name, each once. */
function pick<Entry>(from: ReadonlyMap<string, Entry>, names: readonly string[] | undefined): readonly Entry[] {
  return [...new Set(names)].flatMap((name) => from.get(name) ?? []);
}

const namesOf = (entries: ReadonlyMap<string, unknown>): string[] => [...entries.keys()].sort();
