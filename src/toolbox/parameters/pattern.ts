/**
 * One pattern of a configuration, ready to test values. Like MCP Toolbox's it is a regular expression;
 * unlike Toolbox's it must match the whole value, because `allowedValues: [Basel]` that accepts
 * `Basel'; DROP TABLE` allows anything. Who wants less writes it: an entry that begins with `^` or ends
 * with `$` stands as written.
 */
import { readPattern, type PatternNode } from './pattern-syntax.ts';
import { safeLength } from './pattern-cost.ts';
import { testWithinTime } from './pattern-guard.ts';

export interface Pattern {
  /** As the configuration has it, for messages. */
  readonly written: string;
  /** ECMAScript with Unicode semantics, anchors included: what a published JSON Schema says. */
  readonly source: string;
  /** Whether every reader of JSON Schema can be expected to know the syntax of `source` (no `(?i:…)`). */
  readonly portable: boolean;
  /** The texts that it stands for, where those are few and fixed: `ASC|DESC`. */
  readonly literals: readonly string[] | undefined;
  /** Whether it matches. A pattern that ran out of time did not: a check that cannot finish refuses. */
  test(text: string): boolean;
}

/** Reads one entry; throws `PatternFault` saying what is wrong with it. */
export function compilePattern(written: string): Pattern {
  const asWritten = written.startsWith('^') || endsInAnchor(written);
  const entry = readPattern(written);
  // Reading the anchored form again is not needed: a well-formed pattern stays one inside a group.
  const root: PatternNode = asWritten
    ? entry.root
    : { kind: 'sequence', items: [{ kind: 'start' }, entry.root, { kind: 'end' }] };
  const source = asWritten ? entry.source : `^(?:${entry.source})$`;
  const regex = new RegExp(source, 'u');
  // `(?m)^…` begins at every line, which the analysis does not know.
  const length = asWritten && !entry.exact ? 0 : safeLength({ source, root, exact: entry.exact });
  return {
    written,
    source,
    portable: entry.exact,
    literals: entry.exact ? literalsOf(root) : undefined,
    test: length === Infinity ? (text) => testAtOnce(regex, text) : boundedTest(regex, length),
  };
}

function boundedTest(regex: RegExp, length: number): (text: string) => boolean {
  return (text) => (text.length <= length ? regex.test(text) : testWithinTime(regex, text));
}

/** The engine's own stack ends in a RangeError on texts of megabytes; that is no match either. */
function testAtOnce(regex: RegExp, text: string): boolean {
  try {
    return regex.test(text);
  } catch {
    return false;
  }
}

/** A final `$` is an anchor unless an odd number of backslashes makes it a character. */
function endsInAnchor(text: string): boolean {
  const match = /(\\*)\$$/.exec(text);
  return match !== null && (match[1] as string).length % 2 === 0;
}

const MANY = 200;

function literalsOf(root: PatternNode): readonly string[] | undefined {
  if (root.kind !== 'sequence' || root.items[0]?.kind !== 'start' || root.items.at(-1)?.kind !== 'end') {
    return undefined;
  }
  return expand({ kind: 'sequence', items: root.items.slice(1, -1) });
}

function expand(node: PatternNode): string[] | undefined {
  switch (node.kind) {
    case 'char':
      return node.literal === undefined ? undefined : [node.literal];
    case 'sequence': {
      let texts = [''];
      for (const item of node.items) {
        const tails = expand(item);
        if (tails === undefined || texts.length * tails.length > MANY) return undefined;
        texts = texts.flatMap((text) => tails.map((tail) => text + tail));
      }
      return texts;
    }
    case 'choice': {
      const options = node.options.map(expand);
      return options.some((option) => option === undefined) ? undefined : options.flatMap((option) => option ?? []);
    }
    default:
      return undefined;
  }
}
