import { REFERENCE } from './placeholders.ts';

/** The environment as the process was started with it; passed in, never read here. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A reference that could not be filled: the n-th of its text, and why. */
export interface UnsetReference {
  readonly index: number;
  readonly name: string;
  readonly reason: string;
}

export interface Substituted {
  readonly text: string;
  /** How many references there were. */
  readonly count: number;
  readonly unset: readonly UnsetReference[];
}

/**
 * Fills the references of one scalar. It runs on scalars after parsing, and its result is never
 * parsed or filled again, so a value is text whatever it contains.
 *
 * | written          | unset   | empty   |
 * |------------------|---------|---------|
 * | `${V}`           | problem | empty   |
 * | `${V:default}`   | default | empty   |
 * | `${V:-default}`  | default | default |
 * | `${V:?message}`  | problem | problem |
 */
export function substitute(text: string, environment: Environment): Substituted {
  const unset: UnsetReference[] = [];
  let index = -1;
  const filled = text.replace(REFERENCE, (reference, name: string, operator?: string, operand = '') => {
    index++;
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (operator === ':?') {
      if (value) return value;
      const said = String(operand).trim();
      unset.push({
        index,
        name,
        reason: said === '' ? `\`${name}\` is unset or empty` : `\`${name}\` is unset or empty: ${said}`,
      });
      return reference;
    }
    if (operator === ':-' && !value) return String(operand);
    if (value !== undefined) return value;
    if (operator !== undefined) return String(operand);
    unset.push({ index, name, reason: `the environment variable \`${name}\` is not set` });
    return reference;
  });
  return { text: filled, count: index + 1, unset };
}

/** Whether a scalar is one reference and nothing else. */
export function isOneReference(text: string): boolean {
  const [first] = text.matchAll(REFERENCE);
  return first?.[0] === text;
}
