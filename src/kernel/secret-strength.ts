import { reveal, type Secret } from './secret.ts';

/**
 * The words that secrets of manuals, examples and the source code of others are made of. Whoever attacks
 * begins with those (GHSA-8pcq-mx48-hjvj: a gateway that signed with `my-test-key`).
 */
const PLACEHOLDERS: readonly string[] =
  `a abc admin administrator app auth bit build change changeit chatelaine credential default demo dev development do
  dummy example fake foo bar for generate guest here hook in insecure is it jwt key letmein local long master me my
  mysql none not null of only pass passphrase passw passwd password placeholder please postgres prod production put
  qwerty random redis replace root sa safe sample secret secure some string super sure test testing the this to todo
  token toor try undefined unsafe use user value vault very webhook welcome with word x xxx you your`.split(/\s+/);

/** Longer ones are no placeholders, and looking through them would take time. */
const LONGEST_PLACEHOLDER = 100;

/** Whether a secret is one that everybody tries first: placeholders and digits and nothing else; none at all is. */
export function isWellKnownSecret(secret: Secret): boolean {
  const text = reveal(secret).trim().toLowerCase();
  if (text.length > LONGEST_PLACEHOLDER) return false;
  const letters = text.replaceAll(/[^a-z]/g, '');
  const digits = text.replaceAll(/\D/g, '');
  // Digits alone: short ones, a row of one digit, and 1 2 3 …
  if (letters === '') return digits.length < 8 || /^(\d)\1*$/.test(digits) || '0123456789012345'.includes(digits);
  return digits.length <= 8 && isMadeOf(PLACEHOLDERS, letters);
}

function isMadeOf(words: readonly string[], text: string): boolean {
  const reached = new Set([0]);
  for (let at = 0; at < text.length; at++) {
    if (!reached.has(at)) continue;
    for (const word of words) if (text.startsWith(word, at)) reached.add(at + word.length);
  }
  return reached.has(text.length);
}

/** A MAC key shorter than its hash's output is the weakest part of the MAC (RFC 2104 §3); half of it is the least. */
const FEWEST_CHARACTERS = 16;
const FEWEST_BITS = 64;

/**
 * Why a secret whose strength is ours to judge (a signing key, a webhook's secret) can be guessed, or
 * undefined. Told from its text alone, so it finds what no generator made, not what one made badly.
 */
export function weaknessOfSecret(secret: Secret): string | undefined {
  const text = reveal(secret);
  if (isWellKnownSecret(secret)) return 'it is one that everybody tries first';
  if (text.length < FEWEST_CHARACTERS) return `it has fewer than ${FEWEST_CHARACTERS} characters`;
  if (repeatsItself(text.replace(/=+$/, ''))) return 'it repeats itself';
  return bitsOf(text) < FEWEST_BITS ? 'too few of its characters differ' : undefined;
}

/** Whether a text is one part of it over and over, the last one perhaps cut off. */
function repeatsItself(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++)
    if (text.slice(period) === text.slice(0, -period)) return true;
  return false;
}

/** Shannon's entropy of the characters, times their number: an upper bound of what a guesser needs. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const length = Array.from(text).length;
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / length);
  return bits;
}
