/** Words of a text, as the index keeps them and questions are asked in. Pure. */

/** What is folded or split costs time by its length, and nobody asks for the end of a novel. */
const LONGEST_TEXT = 4000;

/** Scripts that are written without spaces: their words are pairs of letters that stand side by side. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}ー]+/u;
const ASCII = /^\p{ASCII}*$/u;
const RUNS = new RegExp(`${UNSPACED.source}|[\\p{L}\\p{N}]+`, 'gu');

/**
 * The words of a text in order, folded: `listUserAccounts`, `list_user_accounts` and `List user accounts` are
 * the same three, and so are `Zürich` and `zurich` (UAX #15, compatibility decomposition without its marks).
 */
export function wordsOf(text: string): readonly string[] {
  const read = text.slice(0, LONGEST_TEXT);
  // Most texts are ASCII, of which nothing has to be folded: a tenth of the time.
  if (ASCII.test(read))
    return (
      read
        .replaceAll(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3 $2$4')
        .toLowerCase()
        .match(/[a-z0-9]+/g) ?? []
    );
  const folded = read
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .normalize('NFC')
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase();
  return [...folded.matchAll(RUNS)].flatMap(([run]) => (UNSPACED.test(run) ? pairsOf(run) : [run]));
}

function pairsOf(run: string): readonly string[] {
  const letters = Array.from(run);
  return letters.length === 1 ? letters : letters.slice(1).map((letter, at) => `${letters[at]}${letter}`);
}

/**
 * The stem of a word: `tables` is `table`, `caching` and `cached` are `cache`. Light, and for English alone:
 * what it makes of other languages it makes of their questions too.
 */
export function stemOf(word: string): string {
  if (!/^[a-z]+$/.test(word)) return word;
  let stem = withoutPlural(word);
  if (stem.length > 5 && stem.endsWith('ing')) stem = undoubled(stem.slice(0, -3));
  else if (stem.length > 4 && stem.endsWith('ed')) stem = undoubled(stem.slice(0, -2));
  return stem.length > 3 && stem.endsWith('e') ? stem.slice(0, -1) : stem;
}

function withoutPlural(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && /(?:[sxz]|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return word.length > 3 && /[^isu]s$/.test(word) ? word.slice(0, -1) : word;
}

/** `dropped` is from `drop`. `l` and `s` are doubled by themselves: `installed`, `processed`. */
const undoubled = (stem: string): string => (/([^aeiouls])\1$/.test(stem) ? stem.slice(0, -1) : stem);
