/**
 * Bound values to the driver's. Whole numbers go as BIGINT rather than DOUBLE, so that LIMIT takes
 * them and none is rounded. MySQL has no arrays: they travel as JSON text, for JSON_TABLE and its like.
 */
import type { SqlValue } from '../source.ts';

/** The driver's constructors of typed parameters. */
export interface TypedParameters {
  readonly BIGINT: ((value: bigint) => unknown) & { readonly unsigned: (value: bigint) => unknown };
}

export function encodeParameter(value: SqlValue, typed: TypedParameters): unknown {
  switch (typeof value) {
    case 'bigint':
      return wholeNumber(value, typed);
    case 'number':
      return Number.isSafeInteger(value) ? wholeNumber(BigInt(value), typed) : value;
    case 'object':
      if (value === null) return null;
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return JSON.stringify(value);
    default:
      return value;
  }
}

function wholeNumber(value: bigint, typed: TypedParameters): unknown {
  if (value >= -(2n ** 63n) && value < 2n ** 63n) return typed.BIGINT(value);
  return value > 0n && value < 2n ** 64n ? typed.BIGINT.unsigned(value) : String(value);
}
