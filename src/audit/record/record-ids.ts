import { newId } from '#kernel';

// The kernel's alphabet, so that all of an id sorts alike.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const PAIRS: readonly string[] = Array.from(
  { length: 1024 },
  (_, at) => (ALPHABET[at >>> 5] as string) + (ALPHABET[at & 31] as string),
);
const RANDOM_PART = 20;
const MOST = 2 ** 30;

/**
 * Ids of records: 48 bits of time, 52 random bits drawn anew each millisecond, and a counter, so that
 * ids sort in the order in which they were given. A busy log pays for randomness once a millisecond.
 */
export class RecordIds {
  #ms = Number.NaN;
  #prefix = '';
  #count = 0;

  /** The next id; `now` in milliseconds. */
  next(now: number): string {
    if (now !== this.#ms || this.#count === MOST) {
      this.#ms = now;
      this.#prefix = newId(now).slice(0, RANDOM_PART);
      this.#count = 0;
    }
    const count = this.#count++;
    return `${this.#prefix}${PAIRS[count >>> 20]}${PAIRS[(count >>> 10) & 1023]}${PAIRS[count & 1023]}`;
  }
}

/** The moment in an id, in milliseconds; undefined for what is no id. */
export function timeOfId(id: string): number | undefined {
  if (id.length !== RANDOM_PART + 6) return undefined;
  let bits = 0;
  for (const letter of id.slice(0, 10)) {
    const value = ALPHABET.indexOf(letter);
    if (value === -1) return undefined;
    bits = bits * 32 + value;
  }
  // Ten letters are 50 bits, two more than the time has.
  return Math.floor(bits / 4);
}
