/** Text that a person who reviews a definition does not see, or sees as something else. Pure. */

/** Where joiners change how letters are written, they are part of the writing (UAX 31 §2.3, A1 and A2). */
const JOINING =
  'Arabic Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Khmer Myanmar Mongolian Syriac'
    .split(' ')
    .map((script) => `\\p{Script=${script}}`)
    .join('');
let known: RegExp | undefined;
/** Made for the first definition that is looked at. */
const writtenJoiners = (): RegExp =>
  (known ??= new RegExp(`(?<=[${JOINING}\\p{M}])[\\u200c\\u200d](?=[${JOINING}])`, 'gu'));
/** One picture of several, and the selector that makes a sign a picture (UTS 51). */
const PICTURES =
  /\p{Extended_Pictographic}(?:\u{fe0f}|\p{Emoji_Modifier})?(?:\u200d\p{Extended_Pictographic}(?:\u{fe0f}|\p{Emoji_Modifier})?)*|[0-9#*]\u{fe0f}?\u20e3/gu;

/**
 * Format characters (zero-width, bidirectional controls, tags), controls, private use, unassigned, lone surrogates,
 * variation selectors (which carry any bytes), separators that end lines, and letters that show nothing.
 */
const HIDDEN =
  /\p{Cf}|\p{Cc}|\p{Co}|\p{Cn}|\p{Cs}|\p{Variation_Selector}|\u2028|\u2029|\u115f|\u1160|\u17b4|\u17b5|\u2800|\u3164|\uffa0/gu;
const LAYOUT = /[\t\n\r]/;

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/[\u{e0000}-\u{e007f}]/u, 'tag character'],
  [/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/u, 'bidirectional control'],
  [/[\u200b-\u200d\u2060-\u2064\ufeff\u180e\u00ad]/u, 'zero-width character'],
  [/\p{Variation_Selector}/u, 'variation selector'],
  [/\p{Co}/u, 'private-use character'],
  [/\p{Cs}/u, 'half a surrogate pair'],
];

/** What is hidden in the text, a line a kind: `3 zero-width characters (U+200B)`. */
export function hiddenIn(text: string): readonly string[] {
  const plain = text.replaceAll(writtenJoiners(), '').replaceAll(PICTURES, '');
  const counts = new Map<string, { count: number; first: string }>();
  for (const [character] of plain.matchAll(HIDDEN)) {
    if (LAYOUT.test(character)) continue;
    const kind = NAMES.find(([of]) => of.test(character))?.[1] ?? 'character that does not show';
    const known = counts.get(kind);
    if (known === undefined) counts.set(kind, { count: 1, first: codeOf(character) });
    else known.count++;
  }
  return [...counts].map(([kind, { count, first }]) => `${count} ${kind}${count === 1 ? '' : 's'} (${first})`);
}

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

const WORD = /[\p{L}\p{M}\p{Nd}]+/gu;
const LATIN = /\p{Script=Latin}/u;
/** Scripts whose letters pass for Latin ones (UTS 39, confusables), and letters that are Latin in another dress. */
const IMITATING =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Lisu}\p{Script=Coptic}]/u;
const DRESSED = /[\u{1d400}-\u{1d7ff}\uff21-\uff3a\uff41-\uff5a\u2100-\u214f\u24b6-\u24e9]/u;

/** Words that mix Latin with letters that pass for Latin (UTS 39 §5.1, mixed scripts), at most five. */
export function imitationsIn(text: string): readonly string[] {
  const found: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    if ((LATIN.test(word) && IMITATING.test(word)) || DRESSED.test(word)) found.push(word);
    if (found.length === 5) break;
  }
  return found;
}

/** The text as a model reads it in spite of what hides in it: for patterns to be looked for. */
export const plainOf = (text: string): string =>
  text
    .replaceAll(/[\u{e0020}-\u{e007e}]/gu, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000))
    .replaceAll(HIDDEN, (character) => (LAYOUT.test(character) ? ' ' : ''))
    .normalize('NFKC')
    .replaceAll(/[асеорхуіјѕ]/gi, (letter) => LOOKS[letter.toLowerCase()] ?? letter)
    .toLowerCase();

const LOOKS: Readonly<Record<string, string>> = {
  ...{ а: 'a', с: 'c', е: 'e', о: 'o', р: 'p', х: 'x', у: 'y', і: 'i', ј: 'j', ѕ: 's' },
};
