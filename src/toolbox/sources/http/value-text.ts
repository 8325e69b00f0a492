/** A checked argument as text, before it is escaped for its place. */
import type { JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';

/**
 * Strings as they are, numbers and booleans as JSON writes them, arrays and maps as JSON; undefined
 * for what was left out. Throws `REQUEST_VALUE_REFUSED` for text that has no UTF-8 form (half of a
 * surrogate pair): it would arrive as another text than the one that was checked.
 */
export function valueText(name: string, value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.isWellFormed()) return text;
  throw refused(name, 'holds half of a surrogate pair, which is no text');
}

/** `REQUEST_VALUE_REFUSED` for a parameter: "`id`: the value is empty, …". */
export const refused = (name: string, why: string): Error =>
  toolboxError('REQUEST_VALUE_REFUSED', `\`${name}\`: the value ${why}`);
