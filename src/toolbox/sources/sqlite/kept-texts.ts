import { BoundedCache } from '#kernel';
import type { SqlText } from '../source.ts';

/** More than a large configuration has; a compiled statement holds some four kilobytes. */
const AUTHORS_KEPT = 4096;
const CALLERS_KEPT = 1024;

/**
 * What is known of statements, by their text. Those of tools' authors lie apart from those that callers
 * write or shape: a caller with another text each time pushes out nothing that a tool needs, and a
 * thousand tools called in turn find all of theirs.
 */
export class KeptTexts<Value> {
  readonly #authors = new BoundedCache<string, Value>(AUTHORS_KEPT);
  readonly #callers = new BoundedCache<string, Value>(CALLERS_KEPT);

  get(query: SqlText): Value | undefined {
    return this.#of(query).get(query.text);
  }

  set(query: SqlText, value: Value): void {
    this.#of(query).set(query.text, value);
  }

  clear(): void {
    this.#authors.clear();
    this.#callers.clear();
  }

  #of({ fixed }: SqlText): BoundedCache<string, Value> {
    return fixed === true ? this.#authors : this.#callers;
  }
}
