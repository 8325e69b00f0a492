import { isRecord } from '#kernel';

const SHOWN = 60;

/** A value for a message: short, quoted, and only its kind where it may not be shown. */
export function describeValue(value: unknown, shown: boolean): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (isRecord(value)) return 'an object';
  const kind = typeof value === 'string' ? 'a string' : typeof value === 'number' ? 'a number' : 'a boolean';
  if (!shown) return kind;
  return typeof value === 'string' ? `the string ${quoteValue(value)}` : quoteValue(value);
}

/** A value between backticks, cut to a length that a message can bear. */
export function quoteValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const printable = text.replaceAll(/\p{Cc}/gu, (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`);
  return printable.length <= SHOWN ? `\`${printable}\`` : `\`${printable.slice(0, SHOWN)}…\``;
}
