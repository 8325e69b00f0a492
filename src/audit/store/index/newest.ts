import type { CursorPlace } from '../query.ts';

/** A record that was found, and its canonical text. */
export interface Found {
  readonly place: CursorPlace;
  readonly canonical: string;
}

/** The newest records of those that are added, so many and no more. */
export class Newest {
  readonly #most: number;
  #found: Found[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(found: Iterable<Found>): void {
    this.#found = [...this.#found, ...found]
      .toSorted((left, right) => byPlace(left.place, right.place))
      .slice(0, this.#most);
  }

  /** Whether there are enough, and nothing of that time or before can be one of them. */
  areAllAfter(time: string): boolean {
    const last = this.#found[this.#most - 1];
    return last !== undefined && last.place[0] > time;
  }

  /** Newest first. */
  texts(): readonly string[] {
    return this.#found.map(({ canonical }) => canonical);
  }
}

/** Newest first: by time, then by writer, then by number. */
export function byPlace(left: CursorPlace, right: CursorPlace): number {
  for (const at of [0, 1, 2] as const) {
    if (left[at] !== right[at]) return left[at] > right[at] ? -1 : 1;
  }
  return 0;
}
