/**
 * The JSON Canonicalization Scheme, RFC 8785: one value, one text, so that a digest or a signature
 * over it can be recomputed by anybody.
 */
export interface CanonicalOptions {
  /**
   * What to do with half a surrogate pair, which RFC 8785 §3.2.2.2 refuses. `escape` writes it as
   * `\udxxx`: not the scheme, yet different values keep different texts, which is all that a digest
   * of foreign input needs.
   */
  readonly loneSurrogates: 'refuse' | 'escape';
}

const DEFAULTS: CanonicalOptions = { loneSurrogates: 'refuse' };

// Beyond this a value is no record and no call of ours; it also keeps the stack from overflowing.
const MAX_DEPTH = 128;

/**
 * The canonical text of a JSON value. Members that are `undefined` do not exist.
 * Throws a `TypeError` for what is not JSON: other types, numbers that are not finite, lone surrogates.
 */
export function canonicalJson(value: unknown, options: CanonicalOptions = DEFAULTS): string {
  return write(value, options, 0);
}

function write(value: unknown, options: CanonicalOptions, depth: number): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value, options);
    case 'number':
      return canonicalNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === MAX_DEPTH) throw new TypeError(`a value nests deeper than ${MAX_DEPTH} levels`);
      return Array.isArray(value) ? writeArray(value, options, depth) : writeObject(value, options, depth);
    default:
      throw new TypeError(`a ${typeof value} has no place in JSON`);
  }
}

/** §3.2.2.3: the shortest text that reads back as the same number, as ECMAScript prints it; -0 is 0. */
function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no place in JSON`);
  return value === 0 ? '0' : String(value);
}

// What needs care: quote, backslash, controls, and surrogates, which may be halves.
const SPECIAL = /[^\u0020\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]/;

/** §3.2.2.2 is what JSON.stringify does, lone surrogates aside. */
export function canonicalString(value: string, options: CanonicalOptions = DEFAULTS): string {
  if (!SPECIAL.test(value)) return `"${value}"`;
  if (options.loneSurrogates === 'refuse' && !value.isWellFormed()) {
    throw new TypeError('half a surrogate pair has no place in JSON');
  }
  return JSON.stringify(value);
}

function writeArray(items: readonly unknown[], options: CanonicalOptions, depth: number): string {
  let text = '[';
  for (let at = 0; at < items.length; at++) {
    text += at === 0 ? write(items[at], options, depth + 1) : `,${write(items[at], options, depth + 1)}`;
  }
  return `${text}]`;
}

function writeObject(value: object, options: CanonicalOptions, depth: number): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Arguments that were checked are of a class that inherits nothing: all that they have is their own.
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new TypeError('an instance has no place in JSON');
  const members = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(members);
  if (!inOrder(keys)) keys.sort(byCodeUnits);
  let text = '{';
  for (const key of keys) {
    const member = members[key];
    if (member === undefined) continue;
    const lead = text.length === 1 ? '' : ',';
    text += `${lead}${canonicalString(key, options)}:${write(member, options, depth + 1)}`;
  }
  return `${text}}`;
}

/** §3.2.3: keys as arrays of UTF-16 code units, which is how `<` compares strings. */
export const byCodeUnits = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Whether nothing has to be sorted. */
export function inOrder(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) {
    if ((keys[at - 1] as string) > (keys[at] as string)) return false;
  }
  return true;
}
