import type { SQLInputValue } from 'node:sqlite';
import type { SqlValue } from '../source.ts';
import { StatementRefused } from './statement-refused.ts';

/**
 * Which value each placeholder of a statement takes. SQLite has five spellings; three of them have a
 * position, and those are what MCP Toolbox's statements use: `?` and `?1`, or `$1`.
 */
export interface Placeholders {
  /** Each `$1` and its like, with the index of its value. */
  readonly numbered: readonly (readonly [spelling: string, index: number])[];
  /** How many values the statement needs. */
  readonly count: number;
}

// One token at a time, as SQLite's tokenizer cuts them, for the ones that may hold a `?` or `$` that
// is no placeholder: comments, strings, quoted names, and plain words, which may contain a `$`.
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|(?<anonymous>\?(?!\d))|(?<numbered>\?\d+|\$\d+(?![\w$\u0080-\uffff]))|::|(?<named>[$@:][\w$\u0080-\uffff]+)|[\w\u0080-\uffff][\w$\u0080-\uffff]*/g;

/**
 * Reads the placeholders of a statement. Throws `StatementRefused` for one that has no position, and
 * for `$1` beside `?`: to SQLite `$1` is a name, which takes the next free number, whatever it is.
 */
export function readPlaceholders(text: string): Placeholders {
  const numbered = new Map<string, number>();
  let asked = 0;
  for (const { groups } of text.matchAll(TOKEN)) {
    const spelling = groups?.['numbered'];
    if (groups?.['anonymous'] !== undefined) {
      // The number after the highest so far.
      asked++;
    } else if (spelling !== undefined) {
      const number = Number(spelling.slice(1));
      if (number === 0) throw new StatementRefused(`\`${spelling}\` is no placeholder: they are counted from 1`);
      if (spelling.startsWith('?')) asked = Math.max(asked, number);
      else numbered.set(spelling, number - 1);
    } else if (groups?.['named'] !== undefined) {
      throw new StatementRefused(
        `\`${groups['named']}\` is a placeholder without a position; write \`?\` for the next parameter, or \`$1\` for the first`,
      );
    }
  }
  if (numbered.size === 0) return { numbered: [], count: asked };
  if (asked > 0) throw new StatementRefused('placeholders are `?` and `?1`, or `$1`; one statement has one kind');
  return { numbered: [...numbered], count: Math.max(...numbered.values()) + 1 };
}

/** The arguments of `StatementSync.all` and its like, for values in the order of the parameters. */
export function bindings(
  { numbered }: Placeholders,
  values: readonly SqlValue[],
): [numbered: Record<string, SQLInputValue>, ...positional: SQLInputValue[]] {
  if (numbered.length === 0) return [{}, ...values.map(toSqlite)];
  const bySpelling: Record<string, SQLInputValue> = {};
  for (const [spelling, index] of numbered) bySpelling[spelling] = toSqlite(values[index] as SqlValue);
  return [bySpelling];
}

const INT64 = { least: -(2n ** 63n), greatest: 2n ** 63n - 1n };

/**
 * A value as SQLite stores it. A whole number becomes an INTEGER (the driver would bind every number
 * as REAL, and `7 / ?` would not be a whole division); arrays and objects become JSON text, which
 * `json_each(?)` takes apart.
 */
export function toSqlite(value: SqlValue): SQLInputValue {
  switch (typeof value) {
    case 'boolean':
      return value ? 1n : 0n;
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'bigint':
      if (value < INT64.least || value > INT64.greatest) {
        throw new StatementRefused(`${value} is beyond the whole numbers of SQLite (64 bits)`);
      }
      return value;
    case 'string':
      return value;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
  }
}
