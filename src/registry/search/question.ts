/** What is asked of the search, checked. Pure. */
import { USUALLY_FOUND } from './bounds.ts';
import { stemOf, wordsOf } from './words.ts';

export interface Question {
  /** Words as they were written, and their stems. */
  readonly words: readonly { readonly written: string; readonly stem: string }[];
  /** Tags that a tool must have, each of them. */
  readonly tags: readonly string[];
  readonly limit: number;
}

/** A question of more words is a text; its first ones say what it is about. */
const MOST_WORDS = 24;

/** Words that say nothing of what is looked for, left out where others do. */
const EMPTY_WORDS: ReadonlySet<string> = new Set(
  'a an and are as at be by can do does for from get give have how i in is it its me my of on or our please show tell that the their there these this those to want was we what when where which who why will with you your'.split(
    ' ',
  ),
);

/** The question that is asked with these. Without a word it is for all that have the tags. */
export function questionOf(asked: {
  readonly query: string;
  readonly tags?: readonly string[] | undefined;
  readonly limit?: number | undefined;
}): Question {
  const { query, tags = [], limit = USUALLY_FOUND } = asked;
  const all = [...new Set(wordsOf(query))].slice(0, MOST_WORDS);
  const telling = all.filter((word) => !EMPTY_WORDS.has(word));
  const words = (telling.length === 0 ? all : telling).map((word) => ({ written: word, stem: stemOf(word) }));
  return { words, tags, limit };
}
