/**
 * How database values become JSON: the rules that hold for every SQL source, so that an agent meets
 * one convention whatever is behind a tool. `docs/values.md` is the table; each source's adapter
 * maps its types onto these functions.
 *
 * The measure is exactness: what JSON cannot hold travels as text, and nothing is rounded on the way.
 */
import type { JsonValue } from '#kernel';
import type { Row } from './source.ts';

/** A whole number given as decimal text: a JSON number where that is exact (below 2^53), else the text. */
export function integerValue(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** A whole number of any size, by the same rule. */
export function bigintValue(value: bigint): number | string {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
}

/**
 * A decimal is its text, always: `12.50` stays `12.50`, and a column has one JSON type whatever its
 * values. Binary floating point could not hold most of them.
 */
export function decimalValue(text: string): string {
  return text;
}

/** A floating-point number; the three that JSON lacks become `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function floatValue(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A 32-bit number as the shortest decimal that is the same one: `0.1` rather than `0.10000000149011612`. */
export function float32Value(value: number): number | string {
  for (let digits = 6; digits < 9 && Number.isFinite(value); digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : floatValue(value);
}

/** Bytes as base64 with padding (RFC 4648 section 4). */
export function bytesValue(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

// Sixteen digits or an exponent: the cheapest sign that a number may not survive a parse.
const PERHAPS_INEXACT = /\d[\d.]{15}|\d[eE][+-]?\d/;

/**
 * A JSON document from the database. A number in it that a double would round becomes its text, as
 * in a column; a text that is no JSON (a database may keep one) stays a string.
 */
export function jsonValue(text: string): JsonValue {
  try {
    return (PERHAPS_INEXACT.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text)) as JsonValue;
  } catch {
    return text;
  }
}

/** The reviver is given each number's source text, which `JSON.parse` alone would have rounded. */
function keepExact(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return significantDigits(String(value)) === significantDigits(context.source) ? value : context.source;
}

/** The digits that carry the value: `-0.0120e5` and `1200` both have `12`. */
function significantDigits(number: string): string {
  const mantissa = /^[^eE]*/.exec(number)?.[0] ?? '';
  return mantissa.replace(/[-.]/g, '').replace(/^0+|0+$/g, '');
}

/**
 * Distinct names for the columns of an answer, since JSON has one value a name and joins repeat them:
 * `id`, `id_2`, `id_3`, passing over a name that a column has of its own.
 */
export function distinctNames(columns: readonly string[]): string[] {
  const own = new Set(columns);
  if (own.size === columns.length) return [...columns];
  const used = new Set<string>();
  return columns.map((column) => {
    let name = column;
    for (let count = 2; used.has(name) || (name !== column && own.has(name)); count++) name = `${column}_${count}`;
    used.add(name);
    return name;
  });
}

/** Makes rows of one answer from its column names and the values in their order. */
export function rowMaker(columns: readonly string[]): (values: readonly JsonValue[]) => Row {
  const names = distinctNames(columns);
  // Assigning `__proto__` would change what the row inherits and lose the column.
  if (names.includes('__proto__')) {
    return (values) => Object.fromEntries(names.map((name, index) => [name, values[index] as JsonValue]));
  }
  return (values) => {
    const row: Record<string, JsonValue> = {};
    for (let index = 0; index < names.length; index++) row[names[index] as string] = values[index] as JsonValue;
    return row;
  };
}
