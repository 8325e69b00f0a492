/**
 * Numbers of payment cards (PAN): digits of a length that the issuer's range has (ISO/IEC 7812-1), with the check
 * digit of Luhn. Groups may be set apart by spaces and hyphens. A run of digits is a card as a whole or from one
 * group to another; the middle of a longer number is none.
 */
import type { Detector, Found } from './found.ts';

// What people and hostile texts put between groups: hyphens, spaces of all widths, and what has no width. A line ends a
// number: columns of short ones are not one long one.
const SEPARATORS = String.raw`\t \-\u00a0\u00ad\u2000-\u200d\u2010-\u2013\u202f\u205f\u2060\u3000\ufeff`;
const MOST_SEPARATORS = 2;
const FEWEST_DIGITS = 12;
const MOST_DIGITS = 19;
const RUN = new RegExp(`\\d[\\d${SEPARATORS}]{11,}`, 'g');

export const card: Detector = {
  inNumbers: true,
  find(text) {
    const found: Found[] = [];
    for (const { 0: run, index } of text.matchAll(RUN)) findInRun(run, index, found);
    return found;
  },
};

function findInRun(run: string, offset: number, found: Found[]): void {
  const read = readRun(run);
  const { digits, places, begins } = read;
  for (let first = 0; first + FEWEST_DIGITS <= digits.length;) {
    const length = begins[first] === true ? lengthAt(read, first) : undefined;
    if (length === undefined) {
      first++;
      continue;
    }
    const last = first + length - 1;
    const [start, end] = [offset + (places[first] as number), offset + (places[last] as number) + 1];
    found.push({ start, end, canonical: digits.slice(first, first + length) });
    first += length;
  }
}

interface Run {
  readonly digits: string;
  /** Of each digit: where it stands, whether a group begins or ends with it, and how many wide gaps are before it. */
  readonly places: readonly number[];
  readonly begins: readonly boolean[];
  readonly ends: readonly boolean[];
  readonly gaps: readonly number[];
}

function readRun(run: string): Run {
  const places: number[] = [];
  const begins: boolean[] = [];
  const ends: boolean[] = [];
  const gaps: number[] = [];
  let separators = 0;
  let gap = 0;
  for (let at = 0; at < run.length; at++) {
    const code = run.charCodeAt(at);
    if (code < 0x30 || code > 0x39) {
      separators++;
      continue;
    }
    begins.push(places.length === 0 || separators > 0);
    if (separators > 0) ends[ends.length - 1] = true;
    ends.push(false);
    if (separators > MOST_SEPARATORS) gap++;
    gaps.push(gap);
    places.push(at);
    separators = 0;
  }
  ends[ends.length - 1] = true;
  return { digits: run.replaceAll(/\D/g, ''), places, begins, ends, gaps };
}

/** How long the longest card is that begins here, and ends with a group. */
function lengthAt({ digits, ends, gaps }: Run, first: number): number | undefined {
  const number = digits.slice(first, first + MOST_DIGITS);
  return lengthsOf(number).findLast((length) => {
    const last = first + length - 1;
    return ends[last] === true && gaps[last] === gaps[first] && isLuhn(number.slice(0, length));
  });
}

const NONE: readonly number[] = [];
const SIXTEEN = [16];
const SIXTEEN_TO_NINETEEN = [16, 17, 18, 19];

/** The lengths of numbers in the issuer's range. */
function lengthsOf(digits: string): readonly number[] {
  const first = (count: number): number => Number(digits.slice(0, count));
  const [two, three, four] = [first(2), first(3), first(4)];
  if (two >= 40 && two <= 49) return [13, 16, 19];
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return SIXTEEN;
  if (two === 34 || two === 37) return [15];
  if (two === 36 || two === 38 || two === 39 || (three >= 300 && three <= 305)) return [14, 15, 16, 17, 18, 19];
  if (four === 6011 || two === 65 || (three >= 644 && three <= 649)) return SIXTEEN_TO_NINETEEN;
  if (four >= 3528 && four <= 3589) return SIXTEEN_TO_NINETEEN;
  if (two === 62 || two === 81) return SIXTEEN_TO_NINETEEN;
  if (two === 50 || (two >= 56 && two <= 58) || two === 63 || two === 67) return [12, 13, 14, 15, 16, 17, 18, 19];
  return NONE;
}

/** ISO/IEC 7812-1, Annex B. */
function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
