/** Values of a call to DuckDB's, with the types that a placeholder takes them by. */
import type { DuckDBPreparedStatement, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { SqlValue } from '../source.ts';
import type { Driver } from './driver.ts';
import { refused } from './faults.ts';

const INT64 = { least: -(2n ** 63n), greatest: 2n ** 63n - 1n };
const INT128 = { least: -(2n ** 127n), greatest: 2n ** 127n - 1n };

/**
 * Binds values in order of the placeholders `?`, `?1` or `$1`. Throws `SQL_FAILED` for too few, too
 * many, and placeholders with a name, since nothing says which value those take.
 */
export function bindAll(driver: Driver, statement: DuckDBPreparedStatement, values: readonly SqlValue[]): void {
  if (statement.parameterCount !== values.length) {
    throw refused(
      `the statement has placeholders for ${statement.parameterCount} values, and ${values.length} were given`,
    );
  }
  for (let index = 1; index <= values.length; index++) {
    const name = statement.parameterName(index);
    if (!/^\d+$/.test(name)) {
      throw refused(`\`$${name}\` is a placeholder without a position; write \`?\` for the next parameter, or \`$1\` for the first`);
    }
    const [value, type] = encode(driver, values[Number(name) - 1]);
    statement.bindValue(index, value, type);
  }
}

/**
 * A value and its type. An array of one type is a LIST of it; a mixed one, and an object, is JSON text,
 * which `$1::JSON` reads.
 */
function encode(driver: Driver, value: SqlValue | undefined): [DuckDBValue, DuckDBType] {
  const { BIGINT, BLOB, BOOLEAN, DOUBLE, HUGEINT, SQLNULL, VARCHAR } = driver;
  switch (typeof value) {
    case 'undefined':
      return [null, SQLNULL];
    case 'boolean':
      return [value, BOOLEAN];
    case 'number':
      return Number.isSafeInteger(value) ? [BigInt(value), BIGINT] : [value, DOUBLE];
    case 'bigint':
      if (value >= INT64.least && value <= INT64.greatest) return [value, BIGINT];
      if (value >= INT128.least && value <= INT128.greatest) return [value, HUGEINT];
      throw refused(`${value} is beyond the whole numbers of DuckDB (128 bits)`);
    case 'string':
      return [value, VARCHAR];
    default:
      if (value === null) return [null, SQLNULL];
      if (value instanceof Uint8Array) return [driver.blobValue(value), BLOB];
      if (Array.isArray(value)) return encodeList(driver, value as readonly SqlValue[]);
      return [JSON.stringify(value, exactly), VARCHAR];
  }
}

function encodeList(driver: Driver, values: readonly SqlValue[]): [DuckDBValue, DuckDBType] {
  const { DOUBLE, LIST, SQLNULL, VARCHAR, listValue } = driver;
  const items = values.map((value) => encode(driver, value));
  const types = new Map(items.filter(([item]) => item !== null).map(([, type]) => [String(type), type]));
  // Numbers with and without a fraction in one list are all floating point.
  if (types.size === 2 && types.has('BIGINT') && types.has('DOUBLE')) {
    const numbers = items.map(([item]) => (item === null ? null : Number(item)));
    return [listValue(numbers), LIST(DOUBLE)];
  }
  if (types.size > 1) return [JSON.stringify(values, exactly), VARCHAR];
  const [type = SQLNULL] = types.values();
  return [listValue(items.map(([item]) => item)), LIST(type)];
}

const exactly = (_: string, part: unknown): unknown => (typeof part === 'bigint' ? part.toString() : part);
