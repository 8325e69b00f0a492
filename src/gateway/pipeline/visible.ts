import type { Group, NamespaceView, Prompt, Tool } from '#toolbox';

// A group is immutable and lives as long as its snapshot: its indexes go with it.
const toolIndexes = new WeakMap<Group, ReadonlyMap<string, Tool>>();
const promptIndexes = new WeakMap<Group, ReadonlyMap<string, Prompt>>();

/** The tools of a group by name. */
export function toolsOf(group: Group): ReadonlyMap<string, Tool> {
  return indexed(toolIndexes, group, group.tools);
}

/** The prompts of a group by name. */
export function promptsOf(group: Group): ReadonlyMap<string, Prompt> {
  return indexed(promptIndexes, group, group.prompts);
}

/** The group that a door's path names: everything, a toolset, or nothing that exists. */
export function groupOf(view: NamespaceView, name: string | undefined): Group | undefined {
  return name === undefined ? view.all : view.groups.get(name);
}

function indexed<Entry extends { readonly name: string }>(
  indexes: WeakMap<Group, ReadonlyMap<string, Entry>>,
  group: Group,
  entries: readonly Entry[],
): ReadonlyMap<string, Entry> {
  let index = indexes.get(group);
  if (index === undefined) {
    index = new Map(entries.map((entry) => [entry.name, entry]));
    indexes.set(group, index);
  }
  return index;
}
