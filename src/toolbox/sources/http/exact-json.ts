import type { JsonValue } from '#kernel';

// JSON.parse takes any depth, JSON.stringify ends in a stack overflow somewhere beyond.
const MAX_DEPTH = 500;

/**
 * The value of a JSON text, or undefined when it is not JSON, when it nests beyond all use, or when a
 * number in it would not survive: `12345678901234567890` is an identifier to the API that sent it and
 * another number to a JavaScript program. What is undefined here is passed on as text.
 */
export function parseExactJson(text: string): JsonValue | undefined {
  try {
    // Most answers have no number that could be inexact; the reviver is many times slower.
    if (!/\d[\d.]{14,}|\d[eE][+-]?\d/.test(text)) return shallow(JSON.parse(text) as JsonValue);
    let exact = true;
    const value = JSON.parse(text, (_, member: JsonValue, context?: { source?: string }) => {
      if (typeof member === 'number' && context?.source !== undefined) exact &&= isExact(context.source, member);
      return member;
    }) as JsonValue;
    return exact ? shallow(value) : undefined;
  } catch {
    return undefined;
  }
}

const shallow = (value: JsonValue): JsonValue | undefined => (isDeeper(value, MAX_DEPTH) ? undefined : value);

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => isDeeper(member, levels - 1));
}

/** Whether a JSON number, read as a double and written again, is the same decimal number. */
function isExact(source: string, value: number): boolean {
  return Number.isFinite(value) && canonical(source) === canonical(String(value));
}

/** Sign, digits without zeros around them, and the exponent: equal for equal decimals. */
function canonical(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`;
}
