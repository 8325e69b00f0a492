/**
 * Sets of code points as sorted, disjoint ranges: enough to ask whether two parts of a pattern can
 * begin with the same character.
 */
export type CharSet = readonly (readonly [from: number, to: number])[];

const LAST = 0x10ffff;

/** Every character. Also stands for a class whose members we do not work out, such as `\p{L}`. */
export const ANY: CharSet = [[0, LAST]];

export const oneOf = (codePoint: number): CharSet => [[codePoint, codePoint]];

/** Sorts and joins ranges that touch. */
export function union(ranges: readonly (readonly [number, number])[]): CharSet {
  const sorted = [...ranges].sort((left, right) => left[0] - right[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

export function complement(set: CharSet): CharSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [from, to] of set) {
    if (from > next) rest.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST) rest.push([next, LAST]);
  return rest;
}

export function overlap(left: CharSet, right: CharSet): boolean {
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const [leftFrom, leftTo] = left[l] as readonly [number, number];
    const [rightFrom, rightTo] = right[r] as readonly [number, number];
    if (leftTo < rightFrom) l++;
    else if (rightTo < leftFrom) r++;
    else return true;
  }
  return false;
}

const DIGIT: CharSet = [[0x30, 0x39]];
const LOWER: CharSet = [[0x61, 0x7a]];
const UPPER: CharSet = [[0x41, 0x5a]];
const WORD = union([...DIGIT, ...LOWER, ...UPPER, [0x5f, 0x5f]]);
const SPACE = union([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);

/** The classes of one letter: `\d`, `\W`, … */
export const LETTER_CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
};

const PUNCTUATION = union([
  [0x21, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x60],
  [0x7b, 0x7e],
]);

/** The classes that RE2 names inside brackets: `[[:alpha:]]`. */
export const NAMED_CLASSES: Readonly<Record<string, CharSet>> = {
  alnum: union([...DIGIT, ...LOWER, ...UPPER]),
  alpha: union([...LOWER, ...UPPER]),
  ascii: [[0, 0x7f]],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: LOWER,
  print: [[0x20, 0x7e]],
  punct: PUNCTUATION,
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  upper: UPPER,
  word: WORD,
  xdigit: union([...DIGIT, [0x41, 0x46], [0x61, 0x66]]),
};
