import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeLength } from '../pattern-cost.ts';
import { patternBudgetExpired, startPatternBudget } from '../pattern-guard.ts';
import { readPattern, type PatternNode } from '../pattern-syntax.ts';
import { compilePattern } from '../pattern.ts';

describe('REG-007: a pattern matches the whole value', () => {
  test.each([
    ['Basel', 'Basel', true],
    ['Basel', 'x Basel; DROP', false],
    ['users|cities', 'users; cities', false],
    ['users|cities', 'cities', true],
    ['prod', 'xprodx', false],
    ['^users$', 'users', true],
    ['^users$', 'users\nDROP', false],
    ['users', 'users\n', false],
    ['users', 'users\u2028', false],
    ['users', 'users\0', false],
    ['^prod-', 'prod-7', true],
    ['-prod$', 'eu-prod', true],
    // A `$` that is a character does not anchor.
    ['cost\\$', 'cost$', true],
    ['cost\\$', 'the cost$', false],
    ['cost\\\\$', 'the cost\\', true],
  ])('%j and %j: %s', (written, text, matches) => {
    expect(compilePattern(written).test(text)).toBe(matches);
  });
});

describe('RE2 as Toolbox files write it is read as ECMAScript', () => {
  test.each([
    ['(?i)basel', 'BaSeL', 'basle'],
    ['a(?i)b|c', 'aB', 'AB'],
    ['a(?i)b|c', 'C', 'ab '],
    ['(?P<year>\\d{4})', '2026', '26'],
    ['[[:alpha:]_]+', 'a_b', 'a1'],
    ['[[:^digit:]]+', 'abc', 'a1'],
    ['\\pL+', 'Zürich', 'a1'],
    ['\\p{^L}+', '12', 'a'],
    ['\\Qa.b\\E', 'a.b', 'axb'],
    ['\\-\\_\\#', '-_#', '\\-'],
    ['[a\\-z]', '-', 'b'],
    ['[]a]+', ']a', 'b'],
    ['a{b', 'a{b', 'ab'],
    ['\\A\\x{20ac}\\z', '€', 'e'],
    ['(?s).', '\n', ''],
  ])('%s', (written, yes, no) => {
    const pattern = compilePattern(written);
    expect([pattern.test(yes), pattern.test(no)]).toEqual([true, false]);
  });

  test.each([
    ['(', 'a `(` is not closed'],
    ['a)', 'a `)` closes nothing'],
    ['[a', 'a `[` is not closed'],
    ['*.csv', '`*` repeats nothing; write `\\*` for the character'],
    ['(?U)a', 'the modifier `U` is not known; `i`, `m` and `s` are'],
    ['\\y', '`\\y` is not an escape that is known'],
    ['[z-a]', '`z-a` is not a range'],
    ['a{3,2}', 'numbers out of order in {} quantifier'],
  ])('%s is refused, saying why', (written, message) => {
    expect(() => compilePattern(written)).toThrow(message);
  });

  test('reading changes no ECMAScript pattern of letters, classes, groups and loops', () => {
    fc.assert(
      fc.property(patterns(2), fc.stringMatching(/^[ab!]{0,8}$/), (written, text) => {
        expect(new RegExp(readPattern(written).source, 'u').test(text)).toBe(new RegExp(written, 'u').test(text));
      }),
    );
  });
});

describe('fixed texts are found', () => {
  test.each([
    ['ASC|DESC', ['ASC', 'DESC']],
    ['^(users|cities)_(old|new)$', ['users_old', 'users_new', 'cities_old', 'cities_new']],
    ['a\\.b', ['a.b']],
    ['a.b', undefined],
    ['^a', undefined],
    ['(?i)a', undefined],
    ['ab?', undefined],
  ])('%s', (written, literals) => {
    expect(compilePattern(written).literals).toEqual(literals);
  });
});

describe('no pattern stalls the process', () => {
  test.each(['(a+)+$', '(a|a)*$', '^(a|aa)+$', '(.*a){20}', '^(?=(a+)+$)b', '([a-z]+)*\\1\\d', '(a?b?)*c'])(
    '%s gives up on 50,000 letters within its time',
    (written) => {
      const text = `${'a'.repeat(50_000)}!`;
      const pattern = compilePattern(written);
      startPatternBudget();
      const started = performance.now();
      expect(pattern.test(text)).toBe(false);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );

  test('what is cut off counts as no match, and no pattern that needs the time limit runs after it in the same check', () => {
    const pattern = compilePattern('(a+)+$');
    startPatternBudget();
    pattern.test(`${'a'.repeat(50_000)}!`);
    expect(patternBudgetExpired()).toBe(true);
    expect(pattern.test('aaa')).toBe(false);
    startPatternBudget();
    expect([pattern.test('aaa'), patternBudgetExpired()]).toEqual([true, false]);
  });

  test.each([
    ['[a-z]+@[a-z]+\\.com', Infinity],
    ['\\d{3}-\\d{4}', Infinity],
    ['[A-Z][A-Z0-9_]*', Infinity],
    ['(ab|cd)*', Infinity],
    ['(a+)+', 0],
    ['(a*)*', 0],
    ['((a?)?b)*', 0],
    ['(a|a)*', 0],
    ['(\\w+\\.)*\\w+', 0],
  ])('%s is judged to be safe up to %d letters', (written, length) => {
    const { source } = compilePattern(written);
    expect(safeLength(readPattern(source))).toBe(length);
  });

  // An engine that counts: the judgement must hold for whatever the grammar can build.
  test('a pattern judged linear takes steps in proportion to the text', () => {
    fc.assert(
      fc.property(patterns(3), fc.stringMatching(/^[ab]{0,40}!?$/), (written, text) => {
        const syntax = readPattern(`^(?:${written})$`);
        fc.pre(safeLength(syntax) === Infinity);
        expect(countSteps(syntax.root, text)).toBeLessThanOrEqual(20 * (size(syntax.root) + 2) * (text.length + 2));
      }),
      { numRuns: 3000 },
    );
  });

  test('a pattern judged safe up to a length stays within its steps up to there', () => {
    fc.assert(
      fc.property(patterns(3), fc.stringMatching(/^[ab]{0,120}!?$/), (written, text) => {
        const syntax = readPattern(`^(?:${written})$`);
        const length = safeLength(syntax);
        fc.pre(length !== Infinity && text.length <= length);
        expect(countSteps(syntax.root, text)).toBeLessThanOrEqual(2_000_000);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Small patterns over `a` and `b` with every structure that matters to backtracking. */
function patterns(depth: number): fc.Arbitrary<string> {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '');
  if (depth === 0) return atom;
  const inner = patterns(depth - 1);
  return fc.oneof(
    atom,
    fc.tuple(inner, inner).map(([left, right]) => left + right),
    fc.tuple(inner, inner).map(([left, right]) => `(?:${left}|${right})`),
    fc.tuple(inner, fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?')).map(([body, q]) => `(?:${body})${q}`),
  );
}

const size = (node: PatternNode): number =>
  node.kind === 'sequence'
    ? 1 + node.items.reduce((sum, item) => sum + size(item), 0)
    : node.kind === 'choice'
      ? 1 + node.options.reduce((sum, item) => sum + size(item), 0)
      : node.kind === 'repeat'
        ? 1 + size(node.body) * (node.max === Infinity ? Math.max(1, node.min) : node.max)
        : 1;

/** Matches by plain backtracking, as the engine does, and counts the nodes visited. */
function countSteps(root: PatternNode, text: string): number {
  let steps = 0;
  const visit = (node: PatternNode, at: number, then: (at: number) => boolean): boolean => {
    if (++steps > 5_000_000) return true;
    switch (node.kind) {
      case 'char': {
        const code = text.codePointAt(at);
        return code !== undefined && node.set.some(([from, to]) => code >= from && code <= to) && then(at + 1);
      }
      case 'sequence': {
        const from = (index: number, place: number): boolean => {
          const item = node.items[index];
          return item === undefined ? then(place) : visit(item, place, (next) => from(index + 1, next));
        };
        return from(0, at);
      }
      case 'choice':
        return node.options.some((option) => visit(option, at, then));
      case 'repeat': {
        const again = (count: number, place: number): boolean => {
          steps++;
          if (count < node.max) {
            const more = visit(node.body, place, (next) =>
              next === place && count >= node.min ? false : again(count + 1, next),
            );
            if (more) return true;
          }
          return count >= node.min && then(place);
        };
        return again(0, at);
      }
      case 'start':
        return at === 0 && then(at);
      case 'end':
        return at === text.length && then(at);
      default:
        return then(at);
    }
  };
  visit(root, 0, () => true);
  return steps;
}
