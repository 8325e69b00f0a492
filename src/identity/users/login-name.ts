import { identityError } from '../errors.ts';
import { quote } from '../names.ts';

// Letters, marks and ASCII digits, and what joins them in e-mail addresses: no spaces, no controls, nothing
// invisible. A name begins with a letter or digit, so that a mark cannot sit on what stands before it.
const FORM = /^[\p{L}0-9](?:[\p{L}\p{M}0-9._@+-]{0,126}[\p{L}\p{M}0-9])?$/u;

/** Writing systems, with what belongs to several of them (UTS 39 §5.2, "single script" and the East Asian sets). */
const SINGLE_SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Thaana', 'Ethiopic', 'Khmer'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala'],
  ...['Thai', 'Lao', 'Tibetan', 'Myanmar', 'Hangul'],
];
const EAST_ASIAN = [
  ['Han', 'Hiragana', 'Katakana'],
  ['Han', 'Bopomofo'],
  ['Han', 'Hangul'],
];

let known: readonly RegExp[] | undefined;
/** Made for the first name: a server without people starts without them. */
const scripts = (): readonly RegExp[] =>
  (known ??= [...SINGLE_SCRIPTS.map((script) => [script]), ...EAST_ASIAN].map((names) => ofScripts(...names)));

function ofScripts(...names: readonly string[]): RegExp {
  const classes = ['Common', 'Inherited', ...names].map((script) => `\\p{Script=${script}}`);
  return new RegExp(`^[${classes.join('')}]+$`, 'u');
}

/** Letters of other scripts that look like Latin ones. A name of nothing else imitates a Latin name. */
const LOOKS_LATIN = /^[аԁеһіјӏорԛѕսʋԝхсуԍкмнтвгпАВЕЅІЈКМНОРСТУХԌԚԜορικνυαχωτηγεΑΒΕΖΗΙΚΜΝΟΡΤΥΧօոսհցզ0-9._@+-]+$/u;
const HAS_LATIN = /\p{Script=Latin}/u;
const HAS_LETTER = /\p{L}/u;

/**
 * The form in which login names are compared: compatibility characters and case make no difference
 * (NFKC, then the case folding that capital letters come to). Also for what somebody types at a sign-in, so
 * that lockouts count for the person and not for a spelling. Throws nothing; any text has a key.
 */
export function loginKey(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * The key of a name that somebody is to have; throws `NAME_REFUSED` for one that could be taken for
 * another: several scripts in one name, a foreign script that imitates Latin, compatibility forms,
 * anything invisible.
 */
export function checkLoginName(name: string): string {
  const rule = 'at most 128 letters of one script, digits, and `.`, `_`, `@`, `+`, `-` between them';
  if (!FORM.test(name)) throw refused(name, rule);
  if (name.normalize('NFKC') !== name.normalize('NFC')) throw refused(name, 'it has letters in a compatibility form');
  if (!scripts().some((script) => script.test(name))) throw refused(name, 'it mixes scripts');
  if (HAS_LETTER.test(name) && !HAS_LATIN.test(name) && LOOKS_LATIN.test(name)) {
    throw refused(name, 'it looks like Latin letters and is not');
  }
  const key = loginKey(name);
  // Folding can make a long name longer; what is compared has the same bound.
  if (key.length > 256) throw refused(name, rule);
  return key;
}

const refused = (name: string, why: string): Error =>
  identityError('NAME_REFUSED', `${quote(name)} cannot be a login name: ${why}`);
