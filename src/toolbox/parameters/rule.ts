/**
 * One declaration, compiled into a yes-or-no test that allocates nothing, and an explanation that is
 * only asked for after a no. Nothing is converted: `"10"` is no integer and 3.5 is none either, because
 * a value that was repaired is no longer the one that a policy saw.
 */
import type { ParameterDeclaration } from '#contract';
import { didYouMean, isRecord } from '#kernel';
import { ConfigurationFault } from '../tools/tool-type.ts';
import { describeValue, quoteValue } from './describe-value.ts';
import { compilePattern } from './pattern.ts';
import { PatternFault } from './pattern-syntax.ts';
import { patternBudgetExpired } from './pattern-guard.ts';
import { compileValueList, type ValueList } from './value-list.ts';
import { memberPath, type Violations } from './violations.ts';

export interface Rule {
  accepts(value: unknown): boolean;
  /** Adds every violation of a value that was not accepted. */
  explain(value: unknown, path: string, found: Violations): void;
}

/** Part of a rule, asked only of values that have the type. */
interface Test {
  holds(value: unknown): boolean;
  message(value: unknown): string;
}

interface TypeRule extends Test {
  /** What the items or members violate. */
  explainParts?(value: unknown, path: string, found: Violations): void;
  partsHold?(value: unknown): boolean;
}

/**
 * Compiles a declaration. `path` is where it stands in its document; `shown` is false where its values
 * are secrets that no message may repeat. Throws `ConfigurationFault`.
 */
export function compileRule(
  declaration: ParameterDeclaration,
  path: readonly (string | number)[],
  shown: boolean,
): Rule {
  const type = typeRule(declaration, path, shown);
  const tests = [...limits(declaration), ...pattern(declaration, path), ...lists(declaration, path, shown)];
  return {
    accepts: conjunction(type, tests),
    explain(value, at, found) {
      if (!type.holds(value)) return found.add(at, type.message(value));
      for (const test of tests) if (!test.holds(value)) found.add(at, test.message(value));
      type.explainParts?.(value, at, found);
    },
  };
}

/** All tests as one function; few tests, the usual case, without a loop. */
function conjunction(type: TypeRule, tests: readonly Test[]): (value: unknown) => boolean {
  const { holds, partsHold } = type;
  const all = partsHold === undefined ? tests : [...tests, { holds: partsHold }];
  const [first, second] = all;
  if (first === undefined) return holds;
  if (second === undefined) return (value) => holds(value) && first.holds(value);
  if (all.length === 2) return (value) => holds(value) && first.holds(value) && second.holds(value);
  return (value) => holds(value) && all.every((test) => test.holds(value));
}

function typeRule(declaration: ParameterDeclaration, path: readonly (string | number)[], shown: boolean): TypeRule {
  const expected = (what: string) => (value: unknown) => `must be ${what}, not ${describeValue(value, shown)}`;
  switch (declaration.type) {
    case 'string':
      return { holds: (value) => typeof value === 'string', message: expected('a string') };
    case 'boolean':
      return { holds: (value) => typeof value === 'boolean', message: expected('true or false') };
    case 'float':
      return { holds: Number.isFinite, message: expected('a number') };
    case 'integer':
      return {
        holds: Number.isSafeInteger,
        message: (value) =>
          // A reader of JSON has rounded such a number already, and nobody can tell from what.
          Number.isInteger(value)
            ? `lies beyond ±${Number.MAX_SAFE_INTEGER}, where JSON numbers lose digits; a tool that needs larger ones takes them as strings`
            : expected('a whole number')(value),
      };
    case 'array':
      return arrayRule(declaration, path, shown, expected('an array'));
    default:
      return mapRule(declaration, path, shown, expected('an object'));
  }
}

function arrayRule(
  declaration: ParameterDeclaration,
  path: readonly (string | number)[],
  shown: boolean,
  message: Test['message'],
): TypeRule {
  if (declaration.items === undefined) {
    throw new ConfigurationFault(path, '`items` is missing: an array says what its items are');
  }
  const item = compileRule(declaration.items, [...path, 'items'], shown);
  return {
    holds: Array.isArray,
    message,
    partsHold: (value) => (value as unknown[]).every(item.accepts),
    explainParts(value, at, found) {
      for (const [index, part] of (value as unknown[]).entries()) {
        if (!item.accepts(part)) item.explain(part, `${at}[${index}]`, found);
      }
    },
  };
}

function mapRule(
  declaration: ParameterDeclaration,
  path: readonly (string | number)[],
  shown: boolean,
  message: Test['message'],
): TypeRule {
  if (declaration.valueType === undefined) return { holds: isRecord, message };
  const member = compileRule({ name: '', type: declaration.valueType, description: '' }, path, shown);
  return {
    holds: isRecord,
    message,
    partsHold: (value) => Object.values(value as object).every(member.accepts),
    explainParts(value, at, found) {
      for (const [key, part] of Object.entries(value as object)) {
        if (!member.accepts(part)) member.explain(part, memberPath(at, key), found);
      }
    },
  };
}

function limits(declaration: ParameterDeclaration): Test[] {
  const { minValue, maxValue, minLength, maxLength, minItems, maxItems } = declaration;
  const tests: Test[] = [];
  const number = (holds: (value: number) => boolean, what: string) =>
    tests.push({
      holds,
      message: (value) => `must be ${what}, not ${quoteValue(value)}`,
    });
  const string = (holds: (value: string) => boolean, what: string) =>
    tests.push({
      holds,
      message: (value) => `must have ${what}, not ${codePoints(value as string)}`,
    });
  const array = (holds: (value: readonly unknown[]) => boolean, what: string) =>
    tests.push({
      holds,
      message: (value) => `must have ${what}, not ${(value as unknown[]).length}`,
    });
  if (minValue !== undefined) number((value) => value >= minValue, `at least ${minValue}`);
  if (maxValue !== undefined) number((value) => value <= maxValue, `at most ${maxValue}`);
  if (minLength !== undefined)
    string((value) => hasAtLeast(value, minLength), `at least ${count(minLength, 'character')}`);
  if (maxLength !== undefined)
    string((value) => !hasAtLeast(value, maxLength + 1), `at most ${count(maxLength, 'character')}`);
  if (minItems !== undefined) array((value) => value.length >= minItems, `at least ${count(minItems, 'item')}`);
  if (maxItems !== undefined) array((value) => value.length <= maxItems, `at most ${count(maxItems, 'item')}`);
  return tests;
}

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

/** JSON Schema counts characters, strings count UTF-16 units: at most twice as many. */
function hasAtLeast(text: string, characters: number): boolean {
  if (text.length < characters) return false;
  return text.length >= 2 * characters || codePoints(text) >= characters;
}

function codePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at++) {
    if ((text.codePointAt(at) as number) > 0xffff) {
      pairs++;
      at++;
    }
  }
  return text.length - pairs;
}

const TOO_SLOW = 'takes too long to check against its pattern';

function pattern(declaration: ParameterDeclaration, path: readonly (string | number)[]): Test[] {
  if (declaration.pattern === undefined) return [];
  try {
    const compiled = compilePattern(declaration.pattern);
    return [
      {
        holds: compiled.test,
        message: () => (patternBudgetExpired() ? TOO_SLOW : `must match \`${compiled.source}\``),
      },
    ];
  } catch (cause) {
    if (!(cause instanceof PatternFault)) throw cause;
    throw new ConfigurationFault(
      [...path, 'pattern'],
      `${quoteValue(declaration.pattern)} is not a pattern: ${cause.message}`,
    );
  }
}

function lists(declaration: ParameterDeclaration, path: readonly (string | number)[], shown: boolean): Test[] {
  const tests: Test[] = [];
  for (const field of ['enum', 'allowedValues'] as const) {
    const list = compileValueList(declaration, field, path);
    if (list) tests.push({ holds: list.includes, message: (value) => notAllowed(list, value, shown) });
  }
  const excluded = compileValueList(declaration, 'excludedValues', path);
  if (excluded) {
    tests.push({
      // A pattern that could not be finished has not shown that the value is harmless.
      holds: (value) => !excluded.includes(value) && !patternBudgetExpired(),
      message: (value) =>
        patternBudgetExpired()
          ? TOO_SLOW
          : `must not be ${shown ? quoteValue(value) : 'this value'}, which the tool excludes`,
    });
  }
  return tests;
}

const NAMED = 20;

function notAllowed(list: ValueList, value: unknown, shown: boolean): string {
  if (list.patterns.length > 0 && patternBudgetExpired()) return TOO_SLOW;
  const entries = [...list.values, ...list.compounds].map(quoteValue);
  const patterns = list.patterns.map((entry) => `match \`${entry.source}\``);
  const named = entries.length > NAMED ? [...entries.slice(0, NAMED), `${entries.length - NAMED} more`] : entries;
  const options = [...(named.length === 0 ? [] : [`be one of ${named.join(', ')}`]), ...patterns];
  const near = shown && typeof value === 'string' ? didYouMean(value, [...list.values].filter(isString)) : '';
  return `must ${options.join(' or ')}${shown ? `, not ${describeValue(value, true)}` : ''}${near}`;
}

const isString = (value: unknown): value is string => typeof value === 'string';
