import { reveal, type Secret } from './secret.ts';

/**
 * Secrets that stand in manuals, examples and the source code of others, without case, punctuation and
 * digits at the end. Whoever attacks begins with them (GHSA-8pcq-mx48-hjvj: a gateway that signed with
 * `my-test-key`).
 */
const WELL_KNOWN: ReadonlySet<string> = new Set(
  `admin administrator changeit changeme changethis chatelaine default defaultsecret devsecret devsecretkey
  example examplesecret foobar guest insecure insecuresecret jwtsecret key letmein master mypassword mysecret
  mysecretkey mysupersecretpassword mysqlroot mytestkey none null pass passphrase passw password passwd postgres
  postgrespassword qwerty redis replaceme root sa secret secretkey secretpassword secrettoken supersecret
  supersecretkey supersecretpassword test testkey testpassword testsecret todo toor token undefined user vault
  welcome xxx yourpassword yoursecret yoursecrethere yoursecretkey yoursecretkeyhere yourbitsecret`.split(/\s+/),
);

/** Whether a secret is one that everybody tries first; an empty one is. */
export function isWellKnownSecret(secret: Secret): boolean {
  const text = reveal(secret);
  const bare = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const words = bare.replaceAll(/\d+/g, '');
  return (
    text.trim() === '' ||
    /^(\d)\1*$|^0?123456?7?8?9?0?$/.test(bare) ||
    (words === '' ? bare.length < 8 : WELL_KNOWN.has(words))
  );
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
