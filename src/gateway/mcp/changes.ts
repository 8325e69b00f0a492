/**
 * What changed when the toolbox was replaced, told to whoever listens: the list notifications of both
 * eras. A group that lists the same as before tells nobody.
 */
import type { Group, ToolboxSnapshot } from '#toolbox';
import { groupOf } from '../pipeline/visible.ts';
import { listedTool } from './lists.ts';

export type ListChange = 'tools' | 'prompts' | 'resources';

export interface ChangeListener {
  readonly namespace: string;
  readonly group: string | undefined;
  /** The caller's context: what they are offered may change for them alone. */
  readonly context: string;
  changed(list: ListChange): void;
  /** The toolbox was replaced: what the group is now; undefined where there is none of its name. */
  replaced?(group: Group | undefined): void;
  /** The server is ending: nothing will change any more. */
  ended(): void;
}

export class Changes {
  readonly #listeners = new Set<ChangeListener>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Listens until the returned function is called. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells everybody that the server is ending. */
  endAll(): void {
    for (const listener of this.#listeners) listener.ended();
  }

  /** Tells whoever listens in a namespace that a list of it may be another now. */
  tell(namespace: string, list: ListChange): void {
    for (const listener of this.#listeners) if (listener.namespace === namespace) listener.changed(list);
  }

  /** Tells one caller, wherever they listen, that lists of theirs may be others now. */
  tellCaller(context: string, lists: Iterable<ListChange>): void {
    for (const listener of this.#listeners)
      if (listener.context === context) for (const list of lists) listener.changed(list);
  }

  /** Compares two snapshots, group by group, and tells each listener what its lists lost or gained. */
  announce(before: ToolboxSnapshot, after: ToolboxSnapshot): void {
    const changes = new Map<string, readonly ListChange[]>();
    for (const listener of this.#listeners) {
      const key = JSON.stringify([listener.namespace, listener.group]);
      let changed = changes.get(key);
      if (changed === undefined) {
        changed = difference(find(before, listener), find(after, listener));
        changes.set(key, changed);
      }
      for (const list of changed) listener.changed(list);
      listener.replaced?.(find(after, listener));
    }
  }
}

function find(snapshot: ToolboxSnapshot, place: { namespace: string; group: string | undefined }): Group | undefined {
  const view = snapshot.namespaces.get(place.namespace);
  return view === undefined ? undefined : groupOf(view, place.group);
}

function difference(before: Group | undefined, after: Group | undefined): readonly ListChange[] {
  const lists: ListChange[] = ['tools', 'prompts', 'resources'];
  return lists.filter((list) => fingerprint(before, list) !== fingerprint(after, list));
}

function fingerprint(group: Group | undefined, list: ListChange): string {
  if (group === undefined) return '';
  if (list === 'tools')
    return JSON.stringify([String(group.progressiveFrom), ...group.tools.map((tool) => listedTool(tool, 'stateless'))]);
  if (list === 'prompts') return JSON.stringify(group.prompts);
  return JSON.stringify([group.resources, group.resourceTemplates]);
}
