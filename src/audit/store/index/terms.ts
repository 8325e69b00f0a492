/**
 * A term is the hash of a member with a text, as it stands in a record's canonical text:
 * `requestId":"0a1b…`, between the outer quotes. RFC 8785 spells a value in one way, so equal members
 * are equal bytes, and a line is looked through without parsing it.
 *
 * Members count wherever they stand: `sub` is the actor's and that of everybody on whose behalf. And
 * two members may have one hash. Both only let a block look as if it held something; what it holds is
 * judged record by record. So the hash is FNV-1a, quick and no boundary of any kind: who crafts
 * collisions makes a block be read in vain.
 */
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** The members that questions are about. */
export const INDEXED = [
  'action',
  'argumentsDigest',
  'class',
  'id',
  'iss',
  'kind',
  'name',
  'namespace',
  'outcome',
  'requestId',
  'sub',
  'type',
] as const;
export type Indexed = (typeof INDEXED)[number];

const NAMES = new Set(INDEXED.map((name) => hashOf(Buffer.from(name))));
const TIME = hashOf(Buffer.from('time'));

/** The bytes by which a member with this value is found in a canonical text. */
export const memberBytes = (name: Indexed, value: string): Buffer => Buffer.from(`"${name}":${JSON.stringify(value)}`);

/** The term of such a member. */
export const termOf = (name: Indexed, value: string): number => hashOf(memberBytes(name, value).subarray(1, -1)) >>> 0;

function hashOf(bytes: Buffer): number {
  let hash = BASIS;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash;
}

/**
 * Adds the terms of the canonical text at `from` to `to`, and says where the value of its `time`
 * begins; -1 when it has none. The last one counts: `details` may have a member of that name, and
 * stand before. Takes whatever the bytes are: what is no record of ours has terms that nobody asks for.
 */
export function readTerms(bytes: Buffer, from: number, to: number, terms: Terms): number {
  let timeAt = -1;
  for (let at = from; at < to;) {
    if (bytes[at++] !== QUOTE) continue;
    const name = hashText(bytes, at, to, BASIS);
    at = textEnd;
    // A text that is no name, or the name of what is no text.
    if (bytes[at] !== COLON || bytes[at + 1] !== QUOTE) continue;
    at += 2;
    if (name === TIME) timeAt = at;
    const member = hashText(bytes, at, to, afterName(name));
    at = textEnd;
    if (NAMES.has(name)) terms.add(member >>> 0);
  }
  return timeAt;
}

/** Where the text ends, behind its quote, that was hashed last. */
let textEnd = 0;

/** The hash of the bytes before and of those of the text that begins at `from`. */
function hashText(bytes: Buffer, from: number, to: number, before: number): number {
  let hash = before;
  let at = from;
  for (let byte = bytes[at++]; byte !== QUOTE && at <= to; byte = bytes[at++]) {
    hash = Math.imul(hash ^ (byte as number), PRIME);
    if (byte === BACKSLASH) hash = Math.imul(hash ^ (bytes[at++] as number), PRIME);
  }
  textEnd = at;
  return hash;
}

/** `":"` stands between name and value. */
const afterName = (hash: number): number =>
  Math.imul(Math.imul(Math.imul(hash ^ QUOTE, PRIME) ^ COLON, PRIME) ^ QUOTE, PRIME);

const RECENT = 1024;

/** The terms of a block while it is being read. */
export class Terms {
  #terms = new Uint32Array(RECENT);
  #count = 0;
  /** Most members are the same in many records. What is in its slot here is known; 0 is nobody's hash of note. */
  readonly #recent = new Uint32Array(RECENT);

  add(term: number): void {
    const slot = term % RECENT;
    if (this.#recent[slot] === term && term !== 0) return;
    this.#recent[slot] = term;
    if (this.#count === this.#terms.length) {
      const larger = new Uint32Array(this.#count * 2);
      larger.set(this.#terms);
      this.#terms = larger;
    }
    this.#terms[this.#count++] = term;
  }

  has(term: number): boolean {
    return this.#terms.subarray(0, this.#count).includes(term);
  }

  /** Each of them once, in order: what `holds` looks through. */
  sorted(): Uint32Array {
    return this.#terms
      .slice(0, this.#count)
      .sort()
      .filter((term, at, all) => at === 0 || term !== all[at - 1]);
  }
}

/** Whether the term is among these, which are in order. */
export function holds(sorted: Uint32Array, term: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < term) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === term;
}
