import type { Principal } from '#contract';
import type { Group } from '#toolbox';
import { contextOf } from './caller-face.ts';

const MOST_VIEWS = 1_000;

// A group lives as long as its snapshot: what is remembered of it goes with it.
const views = new WeakMap<Group, Map<string, Group> | 'for all'>();

/**
 * The group without what the servers behind it do not offer that caller: some answer each by themselves. The same
 * object for the same entries, so that their lists are encoded once.
 */
export function offeredTo(principal: Principal, group: Group): Group {
  let known = views.get(group);
  if (known === undefined) views.set(group, (known = isForAll(group) ? 'for all' : new Map()));
  if (known === 'for all') return group;
  const context = contextOf(principal);
  const isShown = (entry: Entry): boolean => entry.seenBy?.(context) !== false;
  const shown = listsOf(group).map((entries) => entries.map(isShown));
  const key = shown.map((list) => list.map(Number).join('')).join(' ');
  let view = known.get(key);
  if (view === undefined) {
    if (known.size >= MOST_VIEWS) known.clear();
    known.set(key, (view = without(group, isShown)));
  }
  return view;
}

interface Entry {
  seenBy?(context: string): boolean;
}

const listsOf = ({ tools, prompts, resources, resourceTemplates }: Group): readonly (readonly Entry[])[] => [
  ...[tools, prompts, resources, resourceTemplates],
];

const isForAll = (group: Group): boolean =>
  listsOf(group).every((entries) => entries.every(({ seenBy }) => seenBy === undefined));

const without = (group: Group, isShown: (entry: Entry) => boolean): Group => ({
  ...group,
  tools: group.tools.filter(isShown),
  prompts: group.prompts.filter(isShown),
  resources: group.resources.filter(isShown),
  resourceTemplates: group.resourceTemplates.filter(isShown),
  cacheScope: 'private',
});
