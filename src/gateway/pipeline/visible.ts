import type { Principal } from '#contract';
import type { Group, NamespaceView, Prompt, Resource, Tool } from '#toolbox';

// A group is immutable and lives as long as its snapshot: its indexes go with it.
const toolIndexes = new WeakMap<Group, ReadonlyMap<string, Tool>>();
const promptIndexes = new WeakMap<Group, ReadonlyMap<string, Prompt>>();
const resourceIndexes = new WeakMap<Group, ReadonlyMap<string, Resource>>();

// By the set itself: a credential that is remembered keeps its set, and so its view of the group.
const limited = new WeakMap<Group, WeakMap<ReadonlySet<string>, Group>>();

/**
 * The group as that caller sees it: where the credential names tools, those of them that are in it. The
 * others are not there, so lists leave them out and calls answer as for a tool that nobody has.
 */
export function visibleTo({ allowedTools }: Principal, group: Group): Group {
  if (allowedTools === undefined) return group;
  let views = limited.get(group);
  if (views === undefined) limited.set(group, (views = new WeakMap()));
  let view = views.get(allowedTools);
  if (view === undefined) {
    view = { ...group, cacheScope: 'private', tools: group.tools.filter((tool) => allowedTools.has(tool.name)) };
    views.set(allowedTools, view);
  }
  return view;
}

const bare = new WeakMap<Group, Group>();

/** The group with its tools, and nothing that is no tool. */
export function toolsAlone(group: Group): Group {
  let alone = bare.get(group);
  if (alone === undefined) {
    const { apps: _, ...rest } = group;
    alone = { ...rest, prompts: [], resources: [], resourceTemplates: [], cacheScope: 'private' };
    bare.set(group, alone);
  }
  return alone;
}

const listed = new WeakMap<Group, Map<Principal['via']['method'], Group>>();

/**
 * The same as lists show it: what the caller may call now, or could with more scopes, which stand beside each
 * tool. What their kind of sign-in can never satisfy is left out. A call of it is refused by what it lacks.
 */
export function listedFor(principal: Principal, group: Group): Group {
  const seen = visibleTo(principal, group);
  const { method } = principal.via;
  if (method === 'token' || method === 'api-key') return seen;
  let views = listed.get(seen);
  if (views === undefined) listed.set(seen, (views = new Map()));
  let view = views.get(method);
  if (view === undefined) {
    const tools = seen.tools.filter((tool) => (method === 'local' ? !isForTokens(tool) : !isForScopes(tool)));
    view = tools.length === seen.tools.length ? seen : { ...seen, cacheScope: 'private', tools };
    views.set(method, view);
  }
  return view;
}

/** Sessions and certificates carry no scopes, and nobody can give them any. */
const isForScopes = (tool: Tool): boolean => tool.scopesRequired.length > 0;

/** Standard input has no headers to bring a token in. A parameter without its claim may do without. */
function isForTokens(tool: Tool): boolean {
  if (tool.authRequired.length > 0) return true;
  if (tool.authenticatedParameters.size === 0) return false;
  const bare = tool.check({});
  return !bare.ok && bare.error.some(({ path }) => tool.authenticatedParameters.has(path));
}

/** The tools of a group by name. */
export const toolsOf = (group: Group): ReadonlyMap<string, Tool> => indexed(toolIndexes, group, toolEntries);

/** The prompts of a group by name. */
export const promptsOf = (group: Group): ReadonlyMap<string, Prompt> => indexed(promptIndexes, group, promptEntries);

/** The resources of a group by URI, those of its apps included. */
export const resourcesOf = (group: Group): ReadonlyMap<string, Resource> =>
  indexed(resourceIndexes, group, resourceEntries);

/** What the door of one MCP server behind us is called among groups, whose own names have no `/`. */
export const doorOfServer = (server: string): string => `s/${server}`;

/** The group that a door's path names: everything, a toolset, one server behind us, or nothing that exists. */
export function groupOf(view: NamespaceView, name: string | undefined): Group | undefined {
  if (name === undefined) return view.all;
  return name.startsWith('s/') ? view.servers?.get(name.slice(2)) : view.groups.get(name);
}

/** The tool that a name at the door of a group means, by its name in the namespace. */
export const meantBy = ({ doorNames }: Group, name: string): string => doorNames?.meant.get(name) ?? name;

type Entries<Entry> = readonly (readonly [key: string, entry: Entry])[];

const toolEntries = (group: Group): Entries<Tool> => group.tools.map((tool) => [tool.name, tool]);
const promptEntries = (group: Group): Entries<Prompt> => group.prompts.map((prompt) => [prompt.name, prompt]);
const resourceEntries = (group: Group): Entries<Resource> =>
  [...group.resources, ...(group.apps?.resources ?? [])].map((resource) => [resource.uri, resource]);

function indexed<Entry>(
  indexes: WeakMap<Group, ReadonlyMap<string, Entry>>,
  group: Group,
  entriesOf: (group: Group) => Entries<Entry>,
): ReadonlyMap<string, Entry> {
  let index = indexes.get(group);
  if (index === undefined) indexes.set(group, (index = new Map(entriesOf(group))));
  return index;
}
