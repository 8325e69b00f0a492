import { BoundedCache } from '#kernel';
import { contextFor, type PolicySet } from '#policy';
import type { Group, NamespaceView, Tool } from '#toolbox';
import type { SeenLabels } from '../shaping/index.ts';
import { callerEntity, toolIn } from './entities.ts';
import { ToolQuestion, type Viewer } from './question.ts';

/** Callers whose view of a group is remembered, and views of it that differ. */
const VIEWERS = 10_000;
const VIEWS = 1_000;

interface Remembered {
  readonly set: PolicySet;
  /** What the lists of a caller depend on beside the caller, by the caller. */
  readonly reads: BoundedCache<string, ReturnType<PolicySet['readsOfList']>>;
  /** By the caller and what is looked at. */
  readonly byViewer: BoundedCache<string, Group>;
  /** By the tools in it: who sees the same shares one group, and the bytes of its lists. */
  readonly byTools: BoundedCache<string, Group>;
}

/** A group lives as long as its snapshot, and what is remembered of it too. */
const remembered = new WeakMap<Group, Remembered>();

/**
 * The group with the tools of it that the policies allow the caller with some arguments or other. The same object
 * for the same tools, so that their lists are encoded once.
 */
export function allowedOf(
  set: PolicySet,
  viewer: Viewer,
  view: NamespaceView,
  group: Group,
  now: number,
  labels: SeenLabels,
): Group {
  const [first] = group.tools;
  if (first === undefined) return group;
  let memory = remembered.get(group);
  if (memory?.set !== set) remembered.set(group, (memory = forget(set)));
  const principal = callerEntity(viewer.principal, view.name);
  let about = memory.reads.get(principal.key);
  if (about === undefined || about.until <= now) {
    if (about !== undefined) memory.byViewer.clear();
    const asked = new ToolQuestion(viewer, first, { principal, tool: toolIn(view, first).entity }, now, labels);
    about = set.readsOfList(
      asked,
      group.tools.map((tool) => toolIn(view, tool).entity),
    );
    memory.reads.set(principal.key, about);
  }
  const circumstances = new ToolQuestion(viewer, first, { principal, tool: toolIn(view, first).entity }, now, labels);
  const { key } = contextFor(about.reads, circumstances);
  const remember = key === undefined ? undefined : `${principal.key}\n${key}`;
  const known = remember === undefined ? undefined : memory.byViewer.get(remember);
  if (known !== undefined) return known;
  const allowed = group.tools.map((tool) =>
    set.mayEver(new ToolQuestion(viewer, tool, { principal, tool: toolIn(view, tool).entity }, now, labels)),
  );
  const seen = viewOf(memory, group, allowed);
  if (remember !== undefined) memory.byViewer.set(remember, seen);
  return seen;
}

function viewOf({ byTools }: Remembered, group: Group, allowed: readonly boolean[]): Group {
  if (allowed.every(Boolean)) return group;
  const name = allowed.map(Number).join('');
  const known = byTools.get(name);
  if (known !== undefined) return known;
  const tools: readonly Tool[] = group.tools.filter((_, index) => allowed[index]);
  const view: Group = { ...group, cacheScope: 'private', tools };
  byTools.set(name, view);
  return view;
}

const forget = (set: PolicySet): Remembered => ({
  set,
  reads: new BoundedCache(VIEWERS),
  byViewer: new BoundedCache(VIEWERS),
  byTools: new BoundedCache(VIEWS),
});
