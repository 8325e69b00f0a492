import type { ParameterDeclaration } from '#contract';
import type { JsonValue } from '#kernel';

/**
 * A prompt's argument as the value it spells. MCP carries arguments of prompts as text whatever they
 * are, so here, and nowhere else, text is read as a number. What spells no value of the type stays
 * text, and the check says what is wrong with it. Undefined is absent: a client sends `""` for a field
 * that nobody filled in.
 */
export function valueOfText({ type, required }: ParameterDeclaration, text: string): JsonValue | undefined {
  if (type === 'string') return text === '' && required === false ? undefined : text;
  if (text === '') return undefined;
  switch (type) {
    case 'integer':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'float':
      return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    default:
      return jsonOf(text);
  }
}

/** A value as a message shows it. */
export const textOfValue = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
