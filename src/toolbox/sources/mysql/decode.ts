/**
 * MySQL's and MariaDB's values to JSON, by column type (protocol::FieldTypes). The driver is told to
 * hand over exact text where JavaScript has no exact value, so nothing was rounded before this.
 */
import type { JsonValue } from '#kernel';
import { bigintValue, bytesValue, float32Value, floatValue, integerValue, jsonValue } from '../values.ts';
import type { WireColumn } from './wire.ts';

export type Decode = (value: unknown) => JsonValue;

const FLOAT = 4;
const TIMESTAMP = 7;
const LONGLONG = 8;
const DATETIME = 12;
const BIT = 16;
const JSON_TYPE = 245;

export function decoderFor(column: WireColumn): Decode {
  if (column.extendedFormat === 'json') return (value) => jsonValue(value as string);
  switch (column.columnType) {
    case LONGLONG:
      return (value) => integerValue(String(value));
    case FLOAT:
      return (value) => float32Value(value as number);
    case BIT:
      return (value) => bits(value as Buffer);
    case JSON_TYPE:
      return (value) => jsonValue(value as string);
    case DATETIME:
    case TIMESTAMP:
      return (value) => dateTime(value as string);
    default:
      return plain;
  }
}

/** Text and numbers are as the driver gives them; bytes become base64, geometry its coordinates. */
function plain(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return bytesValue(value);
  return typeof value === 'number' ? floatValue(value) : (value as JsonValue);
}

/**
 * ISO 8601 without a zone, since neither type carries one: TIMESTAMP is shown in the session's
 * `time_zone`. A date with a zero month or day is none, and keeps MySQL's text.
 */
function dateTime(text: string): string {
  return /^\d{4}-(?!00)\d\d-(?!00)\d\d /.test(text) ? text.replace(' ', 'T') : text;
}

/** BIT(n) as the number that its bits write, most significant first. */
function bits(bytes: Buffer): JsonValue {
  return bigintValue(bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`));
}
