import type { Principal } from '#contract';
import { principalEntity, toolEntity, toolFacts, type Entity } from '#policy';
import type { NamespaceView, Tool } from '#toolbox';

// By the objects themselves: a credential that is remembered keeps its principal, a snapshot its tools.
const principals = new WeakMap<Principal, Map<string, Entity>>();
const toolsOfViews = new WeakMap<NamespaceView, WeakMap<Tool, ToolInView>>();

interface ToolInView {
  readonly entity: Entity;
  readonly toolsets: readonly string[];
}

export function callerEntity(principal: Principal, namespace: string): Entity {
  let known = principals.get(principal);
  if (known === undefined) principals.set(principal, (known = new Map()));
  let entity = known.get(namespace);
  if (entity === undefined) known.set(namespace, (entity = principalEntity(principal, namespace)));
  return entity;
}

/** The tool with the toolsets and groups that it is in, in that snapshot. */
export function toolIn(view: NamespaceView, tool: Tool): ToolInView {
  let known = toolsOfViews.get(view);
  if (known === undefined) toolsOfViews.set(view, (known = new WeakMap()));
  let made = known.get(tool);
  if (made === undefined) {
    const toolsets = (setsOf(view).get(tool) ?? []).toSorted();
    known.set(tool, (made = { entity: toolEntity(toolFacts(tool, toolsets)), toolsets }));
  }
  return made;
}

export const toolsetsOf = (view: NamespaceView, tool: Tool): readonly string[] => toolIn(view, tool).toolsets;

const setsOfViews = new WeakMap<NamespaceView, ReadonlyMap<Tool, readonly string[]>>();

/** Of all tools at once: a thousand tools in a hundred toolsets are looked at once, and not each by each. */
function setsOf(view: NamespaceView): ReadonlyMap<Tool, readonly string[]> {
  const known = setsOfViews.get(view);
  if (known !== undefined) return known;
  const sets = new Map<Tool, string[]>();
  for (const [name, group] of view.groups) {
    for (const tool of group.tools) sets.set(tool, [...(sets.get(tool) ?? []), name]);
  }
  setsOfViews.set(view, sets);
  return sets;
}
