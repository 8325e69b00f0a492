/** DuckDB's values to JSON, by type. A type that has no rule here keeps DuckDB's own text. */
import type {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBType,
  DuckDBUnionType,
  DuckDBUnionValue,
  DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api';
import type { JsonValue } from '#kernel';
import { bigintValue, bytesValue, decimalValue, floatValue, jsonValue } from '../values.ts';
import type { Driver } from './driver.ts';
import { refused } from './faults.ts';

type Decode = (value: DuckDBValue, type: DuckDBType) => JsonValue;

/** A decoder of values of any type, nested ones included. */
export function decoder({ DuckDBTypeId: Id, DuckDBTimestampValue }: Driver): Decode {
  const text: Decode = (value) => String(value);
  const integer: Decode = (value) => bigintValue(value as bigint);
  const list: Decode = (value, type) => {
    const { valueType } = type as DuckDBListType | DuckDBArrayType;
    return (value as DuckDBListValue | DuckDBArrayValue).items.map((item) => decode(item, valueType));
  };
  const stringKeys = new Set<number>([Id.VARCHAR, Id.ENUM, Id.UUID]);

  const byType = new Map<number, Decode>([
    [Id.BOOLEAN, (value) => value as boolean],
    ...[Id.TINYINT, Id.SMALLINT, Id.INTEGER, Id.UTINYINT, Id.USMALLINT, Id.UINTEGER].map(
      (id) => [id, (value: DuckDBValue) => value as number] as const,
    ),
    ...[Id.BIGINT, Id.UBIGINT, Id.HUGEINT, Id.UHUGEINT, Id.BIGNUM].map((id) => [id, integer] as const),
    [Id.FLOAT, (value) => floatValue(shortestFloat(value as number))],
    [Id.DOUBLE, (value) => floatValue(value as number)],
    [Id.DECIMAL, (value) => decimalValue(String(value))],
    // JSON is text to DuckDB, with another name.
    [Id.VARCHAR, (value, type) => (type.alias === 'JSON' ? jsonValue(value as string) : (value as string))],
    ...[Id.BLOB, Id.GEOMETRY].map(
      (id) => [id, (value: DuckDBValue) => bytesValue((value as DuckDBBlobValue).bytes)] as const,
    ),
    ...[Id.TIMESTAMP, Id.TIMESTAMP_S, Id.TIMESTAMP_MS, Id.TIMESTAMP_NS].map(
      (id) => [id, (value: DuckDBValue) => isoTimestamp(String(value), '')] as const,
    ),
    // The driver's own text is in the time zone of this process.
    [
      Id.TIMESTAMP_TZ,
      (value) => isoTimestamp(String(new DuckDBTimestampValue((value as DuckDBTimestampTZValue).micros)), 'Z'),
    ],
    [Id.TIME_TZ, (value) => isoOffset(String(value))],
    [Id.INTERVAL, (value) => isoDuration(value as DuckDBIntervalValue)],
    [Id.LIST, list],
    [Id.ARRAY, list],
    [
      Id.STRUCT,
      (value, type) => {
        const { entries } = value as DuckDBStructValue;
        const { entryNames, entryTypes } = type as DuckDBStructType;
        return Object.fromEntries(
          entryNames.map((name, index) => [
            name,
            decode(entries[name] as DuckDBValue, entryTypes[index] as DuckDBType),
          ]),
        );
      },
    ],
    [
      Id.MAP,
      (value, type) => {
        const { keyType, valueType } = type as DuckDBMapType;
        const entries = (value as DuckDBMapValue).entries.map(
          ({ key, value }) => [decode(key, keyType), decode(value, valueType)] as const,
        );
        // JSON's keys are text; a map with others is the list of its pairs.
        return stringKeys.has(keyType.typeId)
          ? Object.fromEntries(entries)
          : entries.map(([key, value]) => ({ key, value }));
      },
    ],
    [
      Id.UNION,
      (value, type) => {
        const { tag, value: member } = value as DuckDBUnionValue;
        const { memberTags, memberTypes } = type as DuckDBUnionType;
        return { [tag]: decode(member, memberTypes[memberTags.indexOf(tag)] as DuckDBType) };
      },
    ],
    [
      Id.VARIANT,
      (value) => {
        const { value: inner, type } = value as DuckDBVariantValue;
        return type ? decode(inner, type) : String(inner);
      },
    ],
  ]);

  function decode(value: DuckDBValue, type: DuckDBType): JsonValue {
    return value === null ? null : (byType.get(type.typeId) ?? text)(value, type);
  }
  return decode;
}

/**
 * Refuses columns that the driver cannot give whole: the fields of `row(1, 2)` have no names, and
 * one value of them would be left.
 */
export function checkReadable(column: string, type: DuckDBType): void {
  const {
    entryNames = [],
    entryTypes = [],
    valueType,
    keyType,
    memberTypes = [],
  } = type as Partial<
    Pick<DuckDBStructType, 'entryNames' | 'entryTypes'> & Pick<DuckDBMapType, 'keyType' | 'valueType'> & DuckDBUnionType
  >;
  if (new Set(entryNames).size < entryNames.length) {
    throw refused(`the fields of \`${column}\` have no names; write \`struct_pack(name := …)\` instead of \`row(…)\``);
  }
  for (const inner of [...entryTypes, ...memberTypes, valueType, keyType]) if (inner) checkReadable(column, inner);
}

/** The shortest decimal that is this 32-bit number: `0.1`, not `0.10000000149011612`. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}

/** ISO 8601; `infinity` and years before Christ keep DuckDB's text. */
function isoTimestamp(text: string, zone: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) ([\d:.]+)$/.exec(text);
  return match ? `${match[1]}T${match[2]}${zone}` : text;
}

/** `+00` is `Z`, `+05` is `+05:00`; longer offsets are complete. */
function isoOffset(text: string): string {
  return text.replace(/([+-])(\d\d)$/, (_, sign: string, hours: string) =>
    hours === '00' ? 'Z' : `${sign}${hours}:00`,
  );
}

/** An ISO 8601 duration: `P1Y2M3DT4H5M6.7S`. Months, days and time keep their own signs. */
function isoDuration({ months, days, micros }: DuckDBIntervalValue): string {
  const part = (amount: number | bigint, unit: string): string => (Number(amount) === 0 ? '' : `${amount}${unit}`);
  const date = part(Math.trunc(months / 12), 'Y') + part(months % 12, 'M') + part(days, 'D');
  const seconds = (micros / 1_000_000n) % 60n;
  const fraction = String((micros < 0n ? -micros : micros) % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const sign = micros < 0n && seconds === 0n ? '-' : '';
  const exact = fraction === '' ? part(seconds, 'S') : `${sign}${seconds}.${fraction}S`;
  const time = part(micros / 3_600_000_000n, 'H') + part((micros / 60_000_000n) % 60n, 'M') + exact;
  return date + time === '' ? 'PT0S' : `P${date}${time === '' ? '' : `T${time}`}`;
}
