/**
 * How long may a pattern run? The engine backtracks: where two ways through a pattern begin with the
 * same character it tries both, and in a loop that doubles with every character (`(a+)+$`).
 *
 * Two kinds are provably cheap. A pattern in which the next character always decides the way takes
 * time in proportion to the text. A pattern whose loops stand side by side and hold one character each
 * takes time of a known power of it, which is cheap for short texts. All others run under a time limit.
 */
import { overlap } from './char-set.ts';
import type { PatternNode, PatternSyntax } from './pattern-syntax.ts';

/** More ways through a pattern than this, times its size, need the time limit. About a millisecond. */
const STEPS = 200_000;
// Larger patterns are not analysed; the follow sets below grow with the square of their size.
const MAX_POSITIONS = 400;

/** The longest text (in UTF-16 units) that the pattern is sure to get through quickly; Infinity for any. */
export function safeLength(syntax: PatternSyntax): number {
  if (!anchored(syntax.root)) return 0;
  if (syntax.exact && new Determinism().holdsFor(syntax.root)) return Infinity;
  const ways = { factor: 1, loops: 0, size: 1 };
  if (!countWays(syntax.root, ways)) return 0;
  if (ways.loops === 0) return ways.factor * ways.size <= STEPS ? Infinity : 0;
  return Math.max(0, Math.floor((STEPS / (ways.factor * ways.size)) ** (1 / ways.loops)) - 1);
}

/** Whether every way through begins at the start of the text, so that no other start is tried. */
function anchored(node: PatternNode): boolean {
  if (node.kind === 'start') return true;
  if (node.kind === 'sequence') return node.items.length > 0 && anchored(node.items[0] as PatternNode);
  return node.kind === 'choice' && node.options.every(anchored);
}

/** Where a part of a pattern can begin and end, by positions: the characters of the pattern in order. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly empty: boolean;
}

const NOTHING: Part = { first: [], last: [], empty: true };

/**
 * Strong determinism: no character can be matched by two positions at once, and from one position to
 * the next leads one way only. (Book, Even, Greibach, Ott: Ambiguity in Graphs and Expressions, 1971;
 * Brüggemann-Klein and Wood: One-Unambiguous Regular Languages, 1998.)
 */
class Determinism {
  readonly #sets: Extract<PatternNode, { kind: 'char' }>['set'][] = [];
  readonly #follow: Set<number>[] = [];
  #holds = true;

  holdsFor(root: PatternNode): boolean {
    const part = this.#part(root);
    if (!this.#holds || !this.#disjoint(part.first)) return false;
    return this.#follow.every((follow) => this.#disjoint([...follow]));
  }

  #part(node: PatternNode): Part {
    if (!this.#holds) return NOTHING;
    switch (node.kind) {
      case 'char': {
        const position = this.#sets.push(node.set) - 1;
        this.#follow.push(new Set());
        if (position >= MAX_POSITIONS) this.#holds = false;
        return { first: [position], last: [position], empty: false };
      }
      case 'sequence':
        return node.items.reduce<Part>((left, item) => this.#join(left, this.#part(item)), NOTHING);
      case 'choice': {
        const parts = node.options.map((option) => this.#part(option));
        // Two ways to match nothing are two ways.
        if (parts.filter((part) => part.empty).length > 1) this.#holds = false;
        return {
          first: parts.flatMap((part) => part.first),
          last: parts.flatMap((part) => part.last),
          empty: parts.some((part) => part.empty),
        };
      }
      case 'repeat': {
        const part = this.#part(node.body);
        if (part.empty) this.#holds = false;
        if (node.max > 1) this.#lead(part.last, part.first);
        return { ...part, empty: node.min === 0 };
      }
      case 'opaque':
        this.#holds = false;
        return NOTHING;
      default:
        return NOTHING;
    }
  }

  #join(left: Part, right: Part): Part {
    this.#lead(left.last, right.first);
    return {
      first: left.empty ? [...left.first, ...right.first] : left.first,
      last: right.empty ? [...left.last, ...right.last] : right.last,
      empty: left.empty && right.empty,
    };
  }

  #lead(from: readonly number[], to: readonly number[]): void {
    for (const position of from) {
      const follow = this.#follow[position] as Set<number>;
      for (const next of to) {
        if (follow.has(next)) this.#holds = false;
        follow.add(next);
      }
    }
  }

  #disjoint(positions: readonly number[]): boolean {
    return positions.every((left, index) =>
      positions.slice(index + 1).every((right) => !overlap(this.#setOf(left), this.#setOf(right))),
    );
  }

  #setOf(position: number): Extract<PatternNode, { kind: 'char' }>['set'] {
    return this.#sets[position] as Extract<PatternNode, { kind: 'char' }>['set'];
  }
}

/**
 * Multiplies up the ways through a pattern: a loop over one character may stop anywhere, a choice may
 * go either way. False where a loop holds more than a character, because ways then multiply inside it.
 */
function countWays(node: PatternNode, ways: { factor: number; loops: number; size: number }): boolean {
  ways.size++;
  switch (node.kind) {
    case 'sequence':
      return node.items.every((item) => countWays(item, ways));
    case 'choice':
      ways.factor *= node.options.length;
      return node.options.every((option) => countWays(option, ways));
    case 'repeat':
      if (node.max === 1) {
        ways.factor *= 2;
        return countWays(node.body, ways);
      }
      if (node.body.kind !== 'char') return false;
      if (node.min === node.max) ways.size += node.max;
      else if (node.max - node.min < 8) ways.factor *= node.max - node.min + 1;
      else ways.loops++;
      return true;
    case 'opaque':
      return false;
    default:
      return true;
  }
}
