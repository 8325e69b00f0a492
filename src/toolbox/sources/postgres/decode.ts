/**
 * PostgreSQL's text output to JSON, by type OID (pg_type.dat; the built-in OIDs never change).
 * A type that is not listed, such as an enum, a range or a composite, keeps PostgreSQL's own text.
 */
import type { JsonValue } from '#kernel';
import { bytesValue, decimalValue, floatValue, integerValue, jsonValue } from '../values.ts';

export type Decode = (text: string) => JsonValue;

const asText: Decode = (text) => text;
const asFloat: Decode = (text) => floatValue(Number(text));

const scalars: readonly { readonly oid: number; readonly array: number; readonly decode: Decode }[] = [
  { oid: 16, array: 1000, decode: (text) => text === 't' }, // bool
  { oid: 17, array: 1001, decode: bytea },
  { oid: 20, array: 1016, decode: integerValue }, // int8
  { oid: 21, array: 1005, decode: Number }, // int2
  { oid: 23, array: 1007, decode: Number }, // int4
  { oid: 26, array: 1028, decode: Number }, // oid
  { oid: 114, array: 199, decode: jsonValue }, // json
  { oid: 3802, array: 3807, decode: jsonValue }, // jsonb
  { oid: 700, array: 1021, decode: asFloat }, // float4
  { oid: 701, array: 1022, decode: asFloat }, // float8
  { oid: 1700, array: 1231, decode: decimalValue }, // numeric
  { oid: 1114, array: 1115, decode: timestamp },
  { oid: 1184, array: 1185, decode: timestamp }, // with time zone
  { oid: 1266, array: 1270, decode: isoOffset }, // timetz
  { oid: 1186, array: 1187, decode: interval },
  // Text already says it: the array form is what needs an entry.
  { oid: 18, array: 1002, decode: asText }, // "char"
  { oid: 19, array: 1003, decode: asText }, // name
  { oid: 25, array: 1009, decode: asText }, // text
  { oid: 1042, array: 1014, decode: asText }, // char(n)
  { oid: 1043, array: 1015, decode: asText }, // varchar
  { oid: 1082, array: 1182, decode: asText }, // date: YYYY-MM-DD
  { oid: 1083, array: 1183, decode: asText }, // time
  { oid: 2950, array: 2951, decode: asText }, // uuid
  { oid: 790, array: 791, decode: asText }, // money
  { oid: 869, array: 1041, decode: asText }, // inet
  { oid: 650, array: 651, decode: asText }, // cidr
  { oid: 829, array: 1040, decode: asText }, // macaddr
  { oid: 1560, array: 1561, decode: asText }, // bit
  { oid: 1562, array: 1563, decode: asText }, // varbit
  { oid: 142, array: 143, decode: asText }, // xml
  { oid: 2205, array: 2210, decode: asText }, // regclass
  { oid: 3904, array: 3905, decode: asText }, // int4range
  { oid: 3906, array: 3907, decode: asText }, // numrange
  { oid: 3908, array: 3909, decode: asText }, // tsrange
  { oid: 3910, array: 3911, decode: asText }, // tstzrange
  { oid: 3912, array: 3913, decode: asText }, // daterange
  { oid: 3926, array: 3927, decode: asText }, // int8range
];

const decoders = new Map<number, Decode>(
  scalars.flatMap(({ oid, array, decode }) => [
    [oid, decode] as const,
    [array, (text: string): JsonValue => parseArray(text, decode)] as const,
  ]),
);

/** Parameter types whose text is JSON, so that a bound array or object must be written as JSON. */
export const jsonOids: ReadonlySet<number> = new Set([114, 3802]);

export function decoderFor(oid: number): Decode {
  return decoders.get(oid) ?? asText;
}

function bytea(text: string): JsonValue {
  // `bytea_output` may say `escape`, which is left as it came: unreadable, but not wrong.
  return text.startsWith('\\x') ? bytesValue(Buffer.from(text.slice(2), 'hex')) : text;
}

/**
 * ISO 8601: a `T` between date and time, and the offset where the type has one. No zone is added
 * that the database did not give. `infinity` and years before Christ keep PostgreSQL's text.
 */
function timestamp(text: string): JsonValue {
  return /^\d{4,}-\d\d-\d\d \d[^ ]*$/.test(text) ? isoOffset(text.replace(' ', 'T')) : text;
}

/** `+00` is `Z`, `+05` is `+05:00`; offsets with minutes are complete. */
function isoOffset(text: string): string {
  return text.replace(/([+-])(\d\d)$/, (_, sign: string, hours: string) =>
    hours === '00' ? 'Z' : `${sign}${hours}:00`,
  );
}

const INTERVAL =
  /^(?:(-?\d+) years?)? ?(?:([+-]?\d+) mons?)? ?(?:([+-]?\d+) days?)? ?(?:([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?$/;

/** `1 year 2 mons 3 days 04:05:06.7` as an ISO 8601 duration: `P1Y2M3DT4H5M6.7S`. */
function interval(text: string): JsonValue {
  const match = INTERVAL.exec(text);
  if (!match || text === '') return text;
  const [, years, months, days, sign, hours, minutes, seconds] = match;
  const part = (amount: string | undefined, unit: string, minus = ''): string => {
    const number = (amount ?? '').replace(/^\+/, '').replace(/^(-?)0+(?=\d)/, '$1');
    return number === '' || Number(number) === 0 ? '' : `${minus}${number}${unit}`;
  };
  const minus = sign === '-' ? '-' : '';
  const date = part(years, 'Y') + part(months, 'M') + part(days, 'D');
  const time = part(hours, 'H', minus) + part(minutes, 'M', minus) + part(seconds, 'S', minus);
  return date + time === '' ? 'PT0S' : `P${date}${time === '' ? '' : `T${time}`}`;
}

/**
 * PostgreSQL's array text: `{1,NULL,"a \"quoted\" one",{2,3}}`, perhaps after its bounds (`[0:2]=`).
 * A text that does not parse is returned as it is.
 */
function parseArray(text: string, decode: Decode): JsonValue {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;

  function list(): JsonValue[] | undefined {
    at++;
    const items: JsonValue[] = [];
    if (text[at] === '}') {
      at++;
      return items;
    }
    for (;;) {
      const item = text[at] === '{' ? list() : element();
      if (item === undefined) return undefined;
      items.push(item);
      const mark = text[at++];
      if (mark === '}') return items;
      if (mark !== ',') return undefined;
    }
  }

  function element(): JsonValue | undefined {
    if (text[at] !== '"') {
      const end = /[,}]/g;
      end.lastIndex = at;
      const stop = end.exec(text)?.index;
      if (stop === undefined) return undefined;
      const bare = text.slice(at, stop);
      at = stop;
      return bare === 'NULL' ? null : decode(bare);
    }
    let value = '';
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') at++;
      value += text[at] ?? '';
    }
    at++;
    return decode(value);
  }

  if (text[at] !== '{') return text;
  const items = list();
  return items !== undefined && at === text.length ? items : text;
}
