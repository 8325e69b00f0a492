/** Covers what known and own patterns find in one text. Pure. */
import type { MaskMethod } from '#contract';
import { readingsOf, type Found } from '../detect/index.ts';
import { blocked } from './blocked.ts';
import { coveredText, stricter, type Digest } from './method.ts';
import { count, type Tally, type TextRule } from './rules.ts';

interface Covered extends Found {
  readonly rule: TextRule;
}

/** The text with everything covered; the same where there is nothing. Throws `OUTPUT_BLOCKED`. */
export function maskText(text: string, rules: readonly TextRule[], digest: Digest, tally: Tally): string {
  const found = findAll(text, rules, tally);
  if (found.length === 0) return text;
  const pieces: string[] = [];
  let at = 0;
  for (const { start, end, how, canonical } of merged(found)) {
    pieces.push(
      text.slice(at, start),
      coveredText(how, text.slice(start, end), canonical ?? text.slice(start, end), digest),
    );
    at = end;
  }
  pieces.push(text.slice(at));
  return pieces.join('');
}

/** The strictest method among what is found in the text, for what is covered as a whole. */
export function strictestIn(text: string, rules: readonly TextRule[], tally: Tally): MaskMethod | undefined {
  return findAll(text, rules, tally).reduce<MaskMethod | undefined>(
    (how, { rule }) => stricter(how, rule.how),
    undefined,
  );
}

function findAll(text: string, rules: readonly TextRule[], tally: Tally): readonly Covered[] {
  if (rules.length === 0 || text === '') return [];
  const readings = readingsOf(text);
  return rules.flatMap((rule): Covered[] => {
    const plain = rule.detector.find(text);
    const decoded = readings.map((reading) => rule.detector.find(reading.text)?.map((found) => reading.place(found)));
    const found = [plain, ...decoded].flatMap((one) => {
      if (one === undefined) throw blocked(rule.mask, 'could not look through all of it in time');
      return one;
    });
    if (found.length > 0 && rule.how === 'block') throw blocked(rule.mask, 'lets nothing through that it covers');
    return found.map((one) => {
      count(tally, rule.mask);
      return { ...one, rule };
    });
  });
}

interface Merged {
  readonly start: number;
  end: number;
  how: MaskMethod;
  /** Of one finding alone: what several cover together has no spelling but its own. */
  canonical: string | undefined;
}

/** In order, with what overlaps as one, covered in the strictest way of any. */
function merged(all: readonly Covered[]): readonly Merged[] {
  const ordered = all.toSorted((one, other) => one.start - other.start || other.end - one.end);
  const merges: Merged[] = [];
  for (const { start, end, canonical, rule } of ordered) {
    const before = merges.at(-1);
    if (before === undefined || start >= before.end) {
      merges.push({ start, end, how: rule.how, canonical });
    } else {
      before.how = stricter(before.how, rule.how);
      // What lies in another may have another spelling; what reaches beyond it is neither.
      if (end > before.end) [before.end, before.canonical] = [end, undefined];
    }
  }
  return merges;
}
