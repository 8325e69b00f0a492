import { err, ok, type Result } from './result.ts';
import { isRecord } from './record.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

export interface StrictJsonLimits {
  /** How deep arrays and objects may nest. */
  readonly maxDepth: number;
}

const DEFAULT_LIMITS: StrictJsonLimits = { maxDepth: 64 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Parses JSON and refuses what two readers could understand differently: an object with the same
 * key twice (one component checks the first, another executes the last: CVE-2026-27896) and bytes
 * that are not UTF-8. Nesting is counted before parsing, so depth costs nothing.
 *
 * One pass over the bytes counts the members (colons outside strings) and the depth; JSON.parse does
 * the rest at native speed; a parsed value with fewer keys than the text had members lost one.
 */
export function parseStrictJson(bytes: Buffer, limits: StrictJsonLimits = DEFAULT_LIMITS): Result<JsonValue, string> {
  const scanned = scan(bytes, limits.maxDepth);
  if (!scanned.ok) return scanned;
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    return err('the text is not valid UTF-8');
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    return err((cause as Error).message);
  }
  if (countMembers(value) !== scanned.value) return err('an object has the same key twice');
  return ok(value);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The number of object members in the text; refuses at the first bracket that is too deep. */
function scan(bytes: Buffer, maxDepth: number): Result<number, string> {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) {
        if (bytes[at] === BACKSLASH) at++;
      }
    } else if (byte === COLON) {
      members++;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return err(`the text nests deeper than ${maxDepth} levels`);
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return ok(members);
}

function countMembers(value: JsonValue): number {
  if (Array.isArray(value)) {
    let count = 0;
    for (const item of value) if (typeof item === 'object') count += countMembers(item);
    return count;
  }
  if (!isRecord(value)) return 0;
  let count = 0;
  // Object.keys sees an own `__proto__`, which JSON.parse makes: inert data, counted like any key.
  for (const key of Object.keys(value)) {
    count++;
    const member = value[key];
    if (typeof member === 'object') count += countMembers(member);
  }
  return count;
}
