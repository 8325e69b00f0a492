/**
 * `enum`, `allowedValues` and `excludedValues`: closed lists. Entries of an `enum` are values. Entries
 * of the other two are Toolbox's: a string is a pattern, anything else a value; patterns that stand for
 * a few fixed texts become values, so that they can be looked up, published and completed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ParameterDeclaration } from '#contract';
import { ConfigurationFault } from '../tools/tool-type.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { PatternFault } from './pattern-syntax.ts';
import { quoteValue } from './describe-value.ts';

export interface ValueList {
  /** Strings, numbers and booleans that belong to it. */
  readonly values: ReadonlySet<unknown>;
  /** Arrays and objects that belong to it. */
  readonly compounds: readonly unknown[];
  readonly patterns: readonly Pattern[];
  includes(value: unknown): boolean;
}

/** The list in one field of a declaration; throws `ConfigurationFault` at the entry that is wrong. */
export function compileValueList(
  declaration: ParameterDeclaration,
  field: 'enum' | 'allowedValues' | 'excludedValues',
  path: readonly (string | number)[],
): ValueList | undefined {
  const entries = declaration[field];
  if (entries === undefined) return undefined;
  const values = new Set<unknown>();
  const compounds: unknown[] = [];
  const patterns: Pattern[] = [];
  for (const [index, entry] of entries.entries()) {
    if (typeof entry === 'string' && field !== 'enum') {
      addPattern(declaration, entry, values, patterns, [...path, field, index]);
    } else if (typeof entry === 'object' && entry !== null) {
      compounds.push(entry);
    } else {
      if (declaration.type === 'string' && typeof entry !== 'string') {
        throw new ConfigurationFault(
          [...path, field, index],
          `\`${String(entry)}\` is no string, so it never equals a value of a string parameter`,
          `write it in quotes: \`"${String(entry)}"\``,
        );
      }
      values.add(entry);
    }
  }
  return { values, compounds, patterns, includes: membership(values, compounds, patterns) };
}

function addPattern(
  declaration: ParameterDeclaration,
  entry: string,
  values: Set<unknown>,
  patterns: Pattern[],
  path: readonly (string | number)[],
): void {
  let pattern: Pattern;
  try {
    pattern = compilePattern(entry);
  } catch (cause) {
    if (!(cause instanceof PatternFault)) throw cause;
    throw new ConfigurationFault(path, `${quoteValue(entry)} is not a pattern: ${cause.message}`);
  }
  const texts = pattern.literals;
  const literals = texts?.map((text) => valueOf(declaration.type, text));
  if (literals?.every((literal) => literal !== undefined)) for (const literal of literals) values.add(literal);
  else patterns.push(pattern);
}

/** The value that a text spells in a type; undefined when only the text of a value can tell. */
function valueOf(type: ParameterDeclaration['type'], text: string): unknown {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type !== 'integer' && type !== 'float') return undefined;
  return String(Number(text)) === text ? Number(text) : undefined;
}

function membership(
  values: ReadonlySet<unknown>,
  compounds: readonly unknown[],
  patterns: readonly Pattern[],
): (value: unknown) => boolean {
  if (compounds.length === 0 && patterns.length === 0) return (value) => values.has(value);
  return (value) => {
    if (typeof value === 'object') return compounds.some((compound) => isDeepStrictEqual(compound, value));
    if (values.has(value)) return true;
    if (patterns.length === 0) return false;
    // Toolbox matches patterns against the text of numbers and booleans as well.
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return patterns.some((pattern) => pattern.test(text));
  };
}
