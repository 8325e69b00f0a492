import type { Violation } from '../snapshot.ts';

// Enough to correct a call by; a list of a million wrong values must not become a million sentences.
const LIMIT = 100;

/** Collects what is wrong with the arguments of one call. */
export class Violations {
  readonly #found: Violation[] = [];
  #more = 0;

  add(path: string, message: string): void {
    if (this.#found.length < LIMIT) this.#found.push({ path, message });
    else this.#more++;
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  list(): readonly Violation[] {
    if (this.#more === 0) return this.#found;
    return [...this.#found, { path: '', message: `and ${this.#more} more like these` }];
  }
}

/** The path of a member of an object: `filter.name`, `filter["two words"]`. */
export const memberPath = (path: string, key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
