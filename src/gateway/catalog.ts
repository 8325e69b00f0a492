/** What callers find: `find_tools` and `/api/v1/tools/search` come here, so both find what lists would show. */
import { loadToolSearch, type Question } from '#registry';
import type { Group, NamespaceView, Tool } from '#toolbox';
import type { Decisions, Viewer } from './decisions/index.ts';
import { toolsOf } from './pipeline/visible.ts';

export interface FoundTools {
  readonly tools: readonly Tool[];
  /** How many there are that fit. */
  readonly total: number;
}

export class Catalog {
  readonly #decisions: Decisions;
  readonly #search = late(async () => new (await loadToolSearch()).ToolSearch());

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
  }

  /** Of the tools of the group that lists show the viewer, those that fit. */
  async find(viewer: Viewer, view: NamespaceView, group: Group, question: Question): Promise<FoundTools> {
    const [search, listed] = await Promise.all([this.#search(), this.#decisions.listed(viewer, view, group)]);
    const seen = toolsOf(listed);
    const { names, total } = await search.find(group, question, seen);
    return { tools: names.flatMap((name) => seen.get(name) ?? []), total };
  }
}

/** Made by the first who asks; what failed may succeed for the next. */
function late<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
