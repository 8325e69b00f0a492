import { canonicalJson } from '#audit';
import type { JsonValue } from '#kernel';

/** One thing that changed from one definition of a tool to another. */
export interface DefinitionChange {
  /** `description`, `inputSchema.properties.city.maxLength`. */
  readonly field: string;
  /**
   * `widened`: takes more than before. `loosened`: asks for less, or promises otherwise. `egress`: goes elsewhere.
   * `body`: another statement or request. `narrowed` and `text` need no alarm of their own.
   */
  readonly kind: 'text' | 'narrowed' | 'widened' | 'loosened' | 'egress' | 'body' | 'other';
  readonly words: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** Whether two values are one in JSON, whatever the order of their members. */
export const same = (left: unknown, right: unknown): boolean => left === right || textOf(left) === textOf(right);

const textOf = (value: unknown): string => canonicalJson(value ?? null, { loneSurrogates: 'escape' });
