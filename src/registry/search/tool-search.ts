import type { SearchedTool } from './facts.ts';
import type { Question } from './question.ts';
import { ToolIndex, type Found } from './tool-index.ts';

/** Tools that are searched together: a group, as one snapshot has it. */
export interface SearchedTools {
  readonly tools: readonly SearchedTool[];
}

/** Searches, each in the index of its tools: made for the first who asks, gone with the snapshot. */
export class ToolSearch {
  readonly #indexes = new WeakMap<SearchedTools, Promise<ToolIndex>>();
  /** How many indexes were made: the work that keeping them saves. */
  builds = 0;

  async find(all: SearchedTools, question: Question, sees: { has(name: string): boolean }): Promise<Found> {
    let index = this.#indexes.get(all);
    if (index === undefined) {
      this.builds++;
      this.#indexes.set(all, (index = ToolIndex.of(all.tools)));
    }
    return (await index).find(question, sees);
  }
}
