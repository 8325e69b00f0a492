/** Values of a call to DuckDB's, with the types that a placeholder takes them by. */
import type { DuckDBListType, DuckDBPreparedStatement, DuckDBType, DuckDBValue } from '@duckdb/node-api';
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
      throw refused(
        `\`$${name}\` is a placeholder without a position; write \`?\` for the next parameter, or \`$1\` for the first`,
      );
    }
    const value = values[Number(name) - 1] ?? null;
    const type = typeOf(driver, value);
    statement.bindValue(index, encode(driver, value, type), type);
  }
}

/**
 * The type that a value is bound by. An array is a LIST of the one type that its items have; a mixed
 * one, and an object, is JSON text, which `$1::JSON` reads.
 */
function typeOf(driver: Driver, value: SqlValue): DuckDBType {
  const { BIGINT, BLOB, BOOLEAN, DOUBLE, HUGEINT, LIST, SQLNULL, VARCHAR } = driver;
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN;
    case 'number':
      return Number.isSafeInteger(value) ? BIGINT : DOUBLE;
    case 'bigint':
      if (value >= INT64.least && value <= INT64.greatest) return BIGINT;
      if (value >= INT128.least && value <= INT128.greatest) return HUGEINT;
      throw refused(`${value} is beyond the whole numbers of DuckDB (128 bits)`);
    case 'string':
      return VARCHAR;
    default:
      if (value === null) return SQLNULL;
      if (value instanceof Uint8Array) return BLOB;
      if (!isList(value)) return VARCHAR;
  }
  let item: DuckDBType | undefined = SQLNULL;
  for (const part of value) item = item && common(driver, item, typeOf(driver, part));
  return item ? LIST(item) : VARCHAR;
}

const isList = (value: SqlValue): value is readonly SqlValue[] => Array.isArray(value);

/** The type that values of both types have in one list; undefined when there is none. */
function common(driver: Driver, left: DuckDBType, right: DuckDBType): DuckDBType | undefined {
  const { DuckDBTypeId: Id, DOUBLE, HUGEINT, LIST } = driver;
  if (left.typeId === Id.SQLNULL) return right;
  if (right.typeId === Id.SQLNULL || String(left) === String(right)) return left;
  const ids = new Set<number>([left.typeId, right.typeId]);
  if (ids.has(Id.LIST) && ids.size === 1) {
    const item = common(driver, (left as DuckDBListType).valueType, (right as DuckDBListType).valueType);
    return item && LIST(item);
  }
  if (ids.has(Id.BIGINT) && ids.has(Id.HUGEINT)) return HUGEINT;
  return ids.has(Id.BIGINT) && ids.has(Id.DOUBLE) ? DOUBLE : undefined;
}

function encode(driver: Driver, value: SqlValue, type: DuckDBType): DuckDBValue {
  const { DuckDBTypeId: Id } = driver;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'bigint')
    return type.typeId === Id.DOUBLE ? Number(value) : BigInt(value);
  if (value instanceof Uint8Array) return driver.blobValue(value);
  if (!isList(value) || type.typeId !== Id.LIST) return JSON.stringify(value, exactly);
  return driver.listValue(value.map((item) => encode(driver, item, type.valueType)));
}

const exactly = (_: string, part: unknown): unknown => (typeof part === 'bigint' ? part.toString() : part);
