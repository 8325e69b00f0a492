/**
 * Characters that a person does not see and a model reads: tags (U+E0000), what turns the direction of writing
 * (Boucher and Anderson, Trojan Source, CVE-2021-42574), what has no width, selectors of variants in rows, and control
 * characters, with which sequences for terminals begin (ECMA-48). Where writing needs them they stay: joiners in
 * scripts and emoji that join, one selector after a character that has variants, the flags of England, Scotland and
 * Wales. Pure.
 */

/** How often each kind was met; its names go on record. */
export type Flags = Map<string, number>;

const TAG = /[\u{E0000}-\u{E007F}]/u;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const SELECTOR = /[\ufe00-\ufe0f\u{E0100}-\u{E01EF}]/u;
// Format characters that draw nothing, fillers that look like nothing, and what Unicode keeps as non-characters.
// Signs that Arabic and Syriac numbers stand under are of the same category, and are seen.
const INVISIBLE =
  /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2])[\p{Cf}\u115f\u1160\u2028\u2029\u3164\uffa0]|\u034f|\u17b4|\u17b5/u;
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

const HIDDEN = new RegExp(
  // A flag as a whole comes first, so that its tags are not met one by one.
  `\\u{1F3F4}(?:\\u{E0067}\\u{E0062}(?:\\u{E0065}\\u{E006E}\\u{E0067}|\\u{E0073}\\u{E0063}\\u{E0074}|\\u{E0077}\\u{E006C}\\u{E0073})\\u{E007F})|${[TAG, BIDI, SELECTOR, INVISIBLE, CONTROL].map(({ source }) => source).join('|')}`,
  'gu',
);

/** The text with what is hidden in it shown (`<U+200B>`, `␛`) or taken out. The same where nothing is. */
export function showHidden(text: string, how: 'escape' | 'remove', flags: Flags): string {
  // Nearly all text is this, and has none of them.
  if (/^[\t\n\r\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff]*$/.test(text)) return text;
  return text.replaceAll(HIDDEN, (found, at: number) => {
    if (found.length > 2 || isAtHome(found, text, at)) return found;
    const kind = kindOf(found);
    flags.set(kind, (flags.get(kind) ?? 0) + 1);
    return how === 'remove' ? '' : shown(found);
  });
}

function kindOf(found: string): string {
  if (TAG.test(found)) return 'tags';
  if (BIDI.test(found)) return 'bidi';
  if (SELECTOR.test(found)) return 'selectors';
  return CONTROL.test(found) ? 'control' : 'invisible';
}

/** Control characters have pictures in Unicode; the others are named. */
function shown(found: string): string {
  const code = found.codePointAt(0) as number;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

const EMOJI = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\u20e3]/u;
// Scripts whose letters are joined and parted by U+200C and U+200D (Unicode 16, §23.2).
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const WITH_VARIANTS =
  /[\p{Extended_Pictographic}\p{Script=Han}\p{Script=Mongolian}\p{Script=Myanmar}0-9#*\u2000-\u2bff]/u;

/** Whether writing has a use for the character where it stands. */
function isAtHome(found: string, text: string, at: number): boolean {
  const before = characterBefore(text, at);
  const after = characterAt(text, at + found.length);
  switch (found) {
    case '\u200d':
      return (EMOJI.test(before) && EMOJI.test(after)) || JOINING.test(before);
    case '\u200c':
      return JOINING.test(before) && JOINING.test(after);
    case '\u200e':
    case '\u200f':
    case '\u061c':
      return RIGHT_TO_LEFT.test(before) || RIGHT_TO_LEFT.test(after);
    case '\u00ad':
      return /\p{L}/u.test(before) && /\p{L}/u.test(after);
    case '\ufeff':
      return at === 0;
    default:
      return SELECTOR.test(found) && WITH_VARIANTS.test(before);
  }
}

function characterBefore(text: string, at: number): string {
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xdc00 && unit <= 0xdfff ? text.slice(Math.max(0, at - 2), at) : text.charAt(at - 1);
}

const characterAt = (text: string, at: number): string =>
  at < text.length ? String.fromCodePoint(text.codePointAt(at) as number) : '';
