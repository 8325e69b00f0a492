/**
 * A pattern that is looked for anywhere in a text: what a mask covers. Every place may be the beginning of a
 * match, so what is cheap once may be dear a million times over. A pattern without open loops takes a bounded number
 * of steps from each place; one with loops over single characters a power of the text's length; whatever is not
 * known to be cheap runs under the time limit of `pattern-guard.ts`.
 */
import { findWithinTime } from './pattern-guard.ts';
import { PatternFault, readPattern, type PatternNode } from './pattern-syntax.ts';

export interface Search {
  /** As the configuration has it, for messages. */
  readonly written: string;
  /**
   * Where its matches begin and end, one after the other, none of them empty. Undefined where it did not find out
   * within the budget (`startPatternBudget`): whoever looks for what must not pass lets nothing pass then.
   */
  find(text: string): readonly number[] | undefined;
}

/** Steps that one search may take without the time limit: some milliseconds. */
const STEPS = 2_000_000;
/** Steps from one place of a text, in a pattern without open loops: linear, and not by much. */
const STEPS_AT_A_PLACE = 1000;

/** Reads a pattern, RE2's syntax or ECMAScript's; throws `PatternFault`. `ignoreCase`: whatever the pattern says. */
export function compileSearch(written: string, ignoreCase = false): Search {
  const { source, root, exact } = readPattern(written);
  const regex = new RegExp(source, ignoreCase ? 'giu' : 'gu');
  if (new RegExp(source, 'u').test(''))
    throw new PatternFault('it matches the empty text, which is everywhere and nowhere');
  const cost = exact ? costOf(root) : undefined;
  const length = lengthWithin(cost);
  return {
    written,
    find: (text) => (text.length <= length ? findAtOnce(regex, text) : withoutEmpty(findWithinTime(regex, text))),
  };
}

/** How long a text may be for a search at once. */
function lengthWithin(cost: Cost | undefined): number {
  if (cost === undefined) return 0;
  const steps = cost.ways * cost.size;
  if (cost.loops === 0 && steps <= STEPS_AT_A_PLACE) return Infinity;
  return Math.floor((STEPS / steps) ** (1 / (cost.loops + 1)));
}

/** The engine's own stack ends in a RangeError on texts of megabytes: that is no answer. */
function findAtOnce(regex: RegExp, text: string): readonly number[] | undefined {
  try {
    return withoutEmpty(
      Array.from(text.matchAll(regex), ({ index, 0: match }) => [index, index + match.length]).flat(),
    );
  } catch {
    return undefined;
  }
}

function withoutEmpty(places: readonly number[] | undefined): readonly number[] | undefined {
  return places?.filter((place, at) => place !== places[at ^ 1]);
}

/** From one place: how many ways lead through the pattern, how long one is, and how many loops have no end. */
interface Cost {
  readonly ways: number;
  readonly size: number;
  readonly loops: number;
}

/** Undefined where ways multiply inside of a loop, or are not known. */
function costOf(node: PatternNode): Cost | undefined {
  switch (node.kind) {
    case 'char':
      return { ways: 1, size: 1, loops: 0 };
    case 'sequence':
      return together(node.items, (one, other) => one * other);
    case 'choice':
      return together(node.options, (one, other) => one + other, 0);
    case 'repeat':
      return repeated(node);
    case 'opaque':
      return undefined;
    default:
      return { ways: 1, size: 0, loops: 0 };
  }
}

function together(
  nodes: readonly PatternNode[],
  waysOf: (one: number, other: number) => number,
  ways = 1,
): Cost | undefined {
  let sum: Cost = { ways, size: 0, loops: 0 };
  for (const node of nodes) {
    const cost = costOf(node);
    if (cost === undefined) return undefined;
    sum = { ways: waysOf(sum.ways, cost.ways), size: sum.size + cost.size, loops: sum.loops + cost.loops };
  }
  return sum;
}

function repeated({ body, min, max }: Extract<PatternNode, { kind: 'repeat' }>): Cost | undefined {
  const cost = costOf(body);
  if (cost === undefined) return undefined;
  if (max === Infinity) return body.kind === 'char' ? { ways: 1, size: 1 + min, loops: 1 } : undefined;
  if (cost.loops > 0 && max > 1) return undefined;
  const lengths = max - min + 1;
  return { ways: lengths * cost.ways ** max, size: Math.max(1, cost.size * max), loops: cost.loops };
}
