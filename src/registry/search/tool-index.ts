/**
 * An index of tools, and what is found in it.
 *
 * What a caller finds is what they would find if there were no other tools than those they see: how rare a word
 * is, is counted among these alone, lengths are measured against constants (`facts.ts`), and nothing that is
 * hidden takes a place among what is looked at. Else the order of what is shown would tell of what is not.
 */
import { setImmediate } from 'node:timers/promises';
import { termsOf, type SearchedTool } from './facts.ts';
import type { Question } from './question.ts';

/** How soon more of the same word is worth no more: `k1` of BM25. */
const SATURATION = 1.2;
/** What a word is worth that only begins as the one that was asked for. */
const PREFIX_WORTH = 0.5;
const SHORTEST_PREFIX = 3;
/** Words of the index that one prefix stands for, the rarest ones last in the alphabet. */
const MOST_EXPANSIONS = 64;
/** Tools whose words are read before others have their turn. */
const AT_A_TIME = 64;

interface Posting {
  readonly tool: number;
  readonly worth: number;
}

export interface Found {
  readonly names: readonly string[];
  /** How many there are, those beyond the limit too. */
  readonly total: number;
}

export class ToolIndex {
  readonly #names: readonly string[];
  readonly #tags: readonly ReadonlySet<string>[];
  readonly #postings: ReadonlyMap<string, readonly Posting[]>;
  /** The terms in order, for prefixes. */
  readonly #terms: readonly string[];

  private constructor(tools: readonly SearchedTool[], postings: ReadonlyMap<string, readonly Posting[]>) {
    this.#names = tools.map(({ name }) => name);
    this.#tags = tools.map(({ tags = [] }) => new Set(tags));
    this.#postings = postings;
    this.#terms = [...postings.keys()].toSorted();
  }

  /** Makes an index, a part at a time: calls of others go on meanwhile. */
  static async of(tools: readonly SearchedTool[]): Promise<ToolIndex> {
    const postings = new Map<string, Posting[]>();
    for (const [tool, searched] of tools.entries()) {
      if (tool % AT_A_TIME === AT_A_TIME - 1) await setImmediate();
      for (const [term, worth] of termsOf(searched)) {
        const known = postings.get(term);
        if (known === undefined) postings.set(term, [{ tool, worth }]);
        else known.push({ tool, worth });
      }
    }
    return new ToolIndex(tools, postings);
  }

  /** The best first, and those that are as good by name. Only tools that `sees` has are looked at. */
  find({ words, tags, limit }: Question, sees: { has(name: string): boolean }): Found {
    const seen = this.#names.map((name) => sees.has(name));
    const count = seen.filter(Boolean).length;
    const scores = new Float64Array(seen.length);
    for (const word of words) {
      for (const [tool, score] of this.#scoresOf(word, seen, count).entries())
        scores[tool] = (scores[tool] as number) + score;
    }
    const found = this.#names
      .map((name, tool) => ({ name, tool, score: scores[tool] as number }))
      .filter(({ tool, score }) => (words.length === 0 ? seen[tool] : score > 0))
      .filter(({ tool }) => tags.every((tag) => this.#tags[tool]?.has(tag)))
      .toSorted((one, other) => other.score - one.score || (one.name < other.name ? -1 : 1));
    return { names: found.slice(0, limit).map(({ name }) => name), total: found.length };
  }

  /** What a word of the question is worth in each tool: as its best reading. */
  #scoresOf({ written, stem }: Question['words'][number], seen: readonly boolean[], count: number): Float64Array {
    const scores = new Float64Array(seen.length);
    const read = (term: string, reading: number): boolean => {
      const postings = (this.#postings.get(term) ?? []).filter(({ tool }) => seen[tool]);
      const rarity = Math.log(1 + (count - postings.length + 0.5) / (postings.length + 0.5));
      for (const { tool, worth } of postings) {
        const score = (reading * rarity * worth * (SATURATION + 1)) / (worth + SATURATION);
        if (score > (scores[tool] as number)) scores[tool] = score;
      }
      return postings.length > 0;
    };
    read(stem, 1);
    if (written.length < SHORTEST_PREFIX) return scores;
    let room = MOST_EXPANSIONS;
    const prefix = stem.length < SHORTEST_PREFIX ? written : stem;
    for (let at = firstFrom(this.#terms, prefix); room > 0 && at < this.#terms.length; at++) {
      const term = this.#terms[at] as string;
      if (!term.startsWith(prefix)) break;
      if (term !== stem && read(term, PREFIX_WORTH)) room--;
    }
    return scores;
  }
}

/** Where in an ordered list the first one stands that is not before it. */
function firstFrom(terms: readonly string[], wanted: string): number {
  let [low, high] = [0, terms.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((terms[middle] as string) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
