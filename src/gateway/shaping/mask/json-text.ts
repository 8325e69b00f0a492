/**
 * JSON that stands in a text: the whole of it, or a line of it (JSON lines, the `data:` of an event stream). It is
 * walked as what it is, so that fields are found and escapes (`\u0040`) hide nothing, and written again only where
 * something was covered. Pure.
 */
import { isRecord, type JsonValue } from '#kernel';

export type Walk = (value: JsonValue) => JsonValue;

/**
 * The text with its JSON walked and `elsewhere` applied to what is none. `strict`: what members say counts (paths
 * of fields), so an object that names one twice is written again with the one that readers see.
 */
export function walkJsonIn(text: string, walk: Walk, elsewhere: (text: string) => string, strict: boolean): string {
  const whole = walked(text, walk, strict);
  if (whole !== undefined) return whole;
  if (!/^[ \t]*(?:data:[ \t]?)?[{[]/m.test(text)) return elsewhere(text);
  const pieces: string[] = [];
  let plain = '';
  for (const line of text.split(/(?<=\n)/)) {
    const [, before, json, after] = /^([ \t]*(?:data:[ \t]?)?)([{[].*[}\]])(\s*)$/s.exec(line) ?? [];
    const read = json === undefined ? undefined : walked(json, walk, strict);
    if (read === undefined) {
      plain += line;
    } else {
      pieces.push(elsewhere(plain), `${before}${read}${after}`);
      plain = '';
    }
  }
  pieces.push(elsewhere(plain));
  return pieces.join('');
}

function walked(text: string, walk: Walk, strict: boolean): string | undefined {
  const begin = /^\s*(.)/s.exec(text)?.[1];
  if (begin !== '{' && begin !== '[' && begin !== '"') return undefined;
  const parsed = parseExactly(text);
  if (parsed === undefined) return undefined;
  const next = walk(parsed.value);
  if (next === parsed.value && !(strict && hidesMembers(text, parsed.value))) return text;
  return JSON.stringify(next);
}

/** Members that a second of the same name took the place of: as many as the text has more colons than the value members. */
function hidesMembers(text: string, value: JsonValue): boolean {
  let colons = 0;
  let at = 0;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) break;
    let end = quote + 1;
    while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    at = end + 1;
    while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at++;
    if (text[at] === ':') colons++;
  }
  return colons !== membersOf(value);
}

function membersOf(value: JsonValue): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + membersOf(item), 0);
  if (!isRecord(value) || isRawNumber(value)) return 0;
  const members: readonly JsonValue[] = Object.values(value);
  return members.reduce<number>((sum, member) => sum + membersOf(member), members.length);
}

interface RawJson {
  rawJSON(text: string): JsonValue;
  isRawJSON(value: unknown): boolean;
}
// In the language since ES2026; the library's types have it not yet.
const { rawJSON, isRawJSON } = JSON as unknown as RawJson;

/** A number that is another one to JavaScript (`12345678901234567890`): written as it was read. */
export const isRawNumber = (value: unknown): value is { readonly rawJSON: string } => isRawJSON(value);

function parseExactly(text: string): { readonly value: JsonValue } | undefined {
  try {
    // The reviver is many times slower, and most texts have no number that could be inexact.
    if (!/\d[\d.]{14,}|\d[eE][+-]?\d|-0|\.\d*0\b/.test(text)) return { value: JSON.parse(text) as JsonValue };
    return {
      value: JSON.parse(text, (_, member: JsonValue, context?: { source?: string }) =>
        typeof member === 'number' && context?.source !== undefined && String(member) !== context.source
          ? rawJSON(context.source)
          : member,
      ) as JsonValue,
    };
  } catch {
    return undefined;
  }
}
