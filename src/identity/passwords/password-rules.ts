import { err, ok, Secret, type Result } from '#kernel';
import { COMMON } from './common-passwords.ts';

/** NIST SP 800-63B-4 §3.1.1.2 asks for 15 without and 8 with a second factor; 12 stands for both. */
export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 1024;

/** So many characters must be left once everything that guessers try first is taken out. */
const LEAST_OWN = 5;

/**
 * The password as it is hashed (NFKC, so that one keyboard's letters are another's: SP 800-63B-4
 * §3.1.1.2), or, in a sentence for the person, why it cannot be one. No rules of composition: they
 * make passwords weaker.
 *
 * `names` are words that guessers of this very password try first: the person's own names.
 */
export function parseNewPassword(text: string, names: readonly string[]): Result<Secret, string> {
  const password = text.normalize('NFKC');
  const length = Array.from(password).length;
  if (length < SHORTEST_PASSWORD) {
    return err(`It has ${length} characters; use at least ${SHORTEST_PASSWORD}. Several words make a good one.`);
  }
  if (length > LONGEST_PASSWORD) return err(`It has ${length} characters; use at most ${LONGEST_PASSWORD}.`);
  const left = whatGuessersLeave(password, names);
  if (left < LEAST_OWN) {
    return err('It is among those that are tried first: a common password, a row of keys, or your own name.');
  }
  return ok(new Secret(password));
}

/** The password of a sign-in as it is compared. What no password can be costs as much as a wrong one. */
export function presentedPassword(text: string): Secret {
  return new Secret(text.length > LONGEST_PASSWORD * 4 ? '' : text.normalize('NFKC'));
}

/**
 * How many characters are left of a password without what lists of guesses are made of: common
 * passwords and the words in them, the person's names, digits and signs around words, rows of keys, and
 * repetitions. `Password2024!!` leaves nothing, `correct horse battery` nearly all.
 */
export function whatGuessersLeave(password: string, names: readonly string[]): number {
  let rest = unleet(password.toLowerCase());
  const words = [...names.flatMap(nameParts), ...COMMON].toSorted((left, right) => right.length - left.length);
  for (const word of words) rest = rest.replaceAll(word, ' ');
  return countOwn(rest);
}

const nameParts = (name: string): readonly string[] =>
  [name.toLowerCase(), ...name.toLowerCase().split(/[^\p{L}\p{N}]+/u)].filter((part) => part.length >= 3);

/** Characters that are no continuation: not the same as the one before, not the next key or letter, no second time
 * the same pair. */
function countOwn(text: string): number {
  const pairs = new Set<string>();
  let own = 0;
  for (let at = 0; at < text.length; at++) {
    const [before, here] = [text[at - 1] ?? ' ', text[at] as string];
    if (/[\s\p{P}\p{S}]/u.test(here)) continue;
    const pair = before + here;
    if (before === here || ROWS.some((row) => row.includes(pair)) || pairs.has(pair)) continue;
    pairs.add(pair);
    own++;
  }
  return own;
}

const FORWARD = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
];
const ROWS = FORWARD.flatMap((row) => [row, Array.from(row).toReversed().join('')]);

const LEET: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
  '!': 'i',
};

/** Digits in the place of letters, undone inside words alone: `p4ssw0rd`, not `2024`. */
const unleet = (text: string): string =>
  text.replaceAll(
    /(?<=\p{L})[@430$57!](?=\p{L}|[@430$57!]\p{L})|(?<![\p{L}\p{N}])[@4$](?=\p{L})/gu,
    (sign) => LEET[sign] ?? sign,
  );
