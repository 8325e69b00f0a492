import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import type { JsonValue } from '#kernel';
import { RowCollector } from '../row-collector.ts';
import type { Row } from '../source.ts';
import { bigintValue, bytesValue, distinctNames, floatValue, rowMaker } from '../values.ts';

/**
 * How values go in and come out on every connection: whole numbers exact, repeated column names kept,
 * and placeholders by their whole spelling, so that `?1` and `$1` may stand in one statement.
 */
export const VALUE_OPTIONS = { readBigInts: true, returnArrays: true, allowBareNamedParameters: false } as const;

/** What the columns of a statement say about its rows. */
export interface RowShape {
  readonly makeRow: (values: readonly JsonValue[]) => Row;
  /** Bytes of a row's JSON beside its values. */
  readonly frame: number;
}

/**
 * The shape of a statement's rows. To be asked after the first row came: another process may have
 * changed the schema, and SQLite notices, and compiles the statement anew, only as it starts to run.
 */
export function rowShape(statement: StatementSync): RowShape {
  const columns = statement.columns().map((column) => column.name);
  const frame = Buffer.byteLength(JSON.stringify(distinctNames(columns))) + columns.length + 2;
  return { makeRow: rowMaker(columns), frame };
}

/**
 * Takes rows until there are no more or one does not fit. Rows from `iterate` that are not taken are
 * not computed either.
 */
export function collectRows(
  rows: Iterable<unknown>,
  shapeOf: () => RowShape,
  limits: { readonly maxRows: number; readonly maxBytes: number },
): RowCollector {
  const collector = new RowCollector(limits);
  let shape: RowShape | undefined;
  for (const row of rows) {
    shape ??= shapeOf();
    const cells = row as readonly SQLOutputValue[];
    const most = mostBytes(cells) + shape.frame;
    // Not even made into text when the shortest text would be too long: it may not fit in memory.
    if (most > limits.maxBytes && leastBytes(cells) > limits.maxBytes) collector.refuse();
    else collector.add(shape.makeRow(cells.map(toJson)), most);
    if (collector.full) break;
  }
  return collector;
}

function toJson(value: SQLOutputValue): JsonValue {
  switch (typeof value) {
    case 'bigint':
      return bigintValue(value);
    case 'number':
      return floatValue(value);
    case 'string':
      return value;
    default:
      return value === null ? null : bytesValue(value);
  }
}

/** The longest JSON of a number, `-2.2250738585072014e-308`, and of a whole one in quotes. */
const LONGEST_NUMBER = 24;

/** Upper bound of the values as JSON: an escape makes six bytes of a character. */
function mostBytes(cells: readonly SQLOutputValue[]): number {
  let bytes = 0;
  for (const cell of cells) {
    if (typeof cell === 'string') bytes += cell.length * 6 + 2;
    else if (cell instanceof Uint8Array) bytes += base64Bytes(cell);
    else bytes += LONGEST_NUMBER;
  }
  return bytes;
}

function leastBytes(cells: readonly SQLOutputValue[]): number {
  let bytes = 0;
  for (const cell of cells) {
    if (typeof cell === 'string') bytes += cell.length;
    else if (cell instanceof Uint8Array) bytes += base64Bytes(cell);
  }
  return bytes;
}

const base64Bytes = (bytes: Uint8Array): number => Math.ceil(bytes.length / 3) * 4 + 2;
