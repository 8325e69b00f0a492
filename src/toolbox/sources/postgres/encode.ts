/**
 * Bound values to what travels in a Bind message: text, which the server reads by the parameter's
 * type, or bytes. Values never meet the statement's text.
 */
import type { SqlValue } from '../source.ts';
import { jsonOids } from './decode.ts';

/** `oid` is the parameter's type where it is known; it matters for arrays, which JSON has too. */
export function encodeParameter(value: SqlValue, oid?: number): string | Buffer | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value) && !(oid !== undefined && jsonOids.has(oid))) return arrayText(value as readonly SqlValue[]);
  return JSON.stringify(value);
}

function arrayText(items: readonly SqlValue[]): string {
  return `{${items.map(elementText).join(',')}}`;
}

function elementText(item: SqlValue): string {
  if (item === null) return 'NULL';
  if (item instanceof Uint8Array) return `"\\\\x${Buffer.from(item).toString('hex')}"`;
  if (Array.isArray(item)) return arrayText(item as readonly SqlValue[]);
  const text = typeof item === 'object' ? JSON.stringify(item) : String(item);
  return `"${text.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}
