/**
 * Names that could be taken for each other. Names are ASCII by their grammar, so what is left of UTS 39 is what
 * ASCII imitates itself with: case, `0` and `O`, `1`, `I` and `l`, `rn` and `m`, `vv` and `w`, and the signs
 * between words, which models write as they please. Pure.
 */

/** Two names with one of these in common look alike. */
function skeletonsOf(name: string): readonly string[] {
  const joined = name.replaceAll(/[-_.]/g, '');
  const folded = joined.toLowerCase();
  const drawn = joined
    .replaceAll(/[I1]/g, 'l')
    .replaceAll('0', 'o')
    .toLowerCase()
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
  // A name of dots and dashes alone has nothing left to compare.
  return folded === '' ? [`=${name}`] : folded === drawn ? [folded] : [folded, drawn];
}

/** The names of a namespace, to be asked for what looks like another. */
export class LookAlikes {
  readonly #bySkeleton = new Map<string, string>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      for (const skeleton of skeletonsOf(name))
        if (!this.#bySkeleton.has(skeleton)) this.#bySkeleton.set(skeleton, name);
    }
  }

  /** A name that this one could be taken for; never the name itself. */
  of(name: string): string | undefined {
    for (const skeleton of skeletonsOf(name)) {
      const found = this.#bySkeleton.get(skeleton);
      if (found !== undefined && found !== name) return found;
    }
    return undefined;
  }
}

/** Whether one letter added, lost, changed or swapped with its neighbour makes one name of the other. */
export function isOneSlipAway(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (left === right || long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
}
