/**
 * Walks a JSON value and covers what masks say: fields by their path, everything else by what stands in its texts.
 * What has nothing to cover comes back as the same object. Names of members are never looked at as texts. Pure.
 */
import type { MaskMethod } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import { blocked } from './blocked.ts';
import { BEGIN, follow, type Progress } from './field-path.ts';
import { isRawNumber, walkJsonIn } from './json-text.ts';
import { maskText, strictestIn } from './mask-text.ts';
import { coveredText, REDACTED, stricter } from './method.ts';
import { count, type MaskRules, type Tally } from './rules.ts';

/** Deeper is an attack on whoever reads it; it cannot be looked through, so it is not given. */
const DEEPEST = 400;
/** JSON in a text in JSON in a text: so often it is read again. What is deeper is looked through as text. */
const DEEPEST_TEXT = 6;

const GONE: unique symbol = Symbol('gone');

/** Covers a value. Throws `OUTPUT_BLOCKED`. */
export function maskValue(value: JsonValue, rules: MaskRules, tally: Tally): JsonValue {
  const walker = new Walker(rules, tally);
  const progress = rules.fields.map(() => BEGIN);
  return walker.walk(value, { progress, inherited: undefined, depth: 0, texts: 0 }) as JsonValue;
}

interface Place {
  /** Of each rule about a field. */
  readonly progress: readonly Progress[];
  /** How a field above is covered, and with it everything in it. */
  readonly inherited: { readonly how: MaskMethod; readonly mask: string } | undefined;
  readonly depth: number;
  /** How many texts the value stands in. */
  readonly texts: number;
}

class Walker {
  readonly #rules: MaskRules;
  readonly #tally: Tally;

  constructor(rules: MaskRules, tally: Tally) {
    this.#rules = rules;
    this.#tally = tally;
  }

  walk(value: JsonValue, place: Place): JsonValue | typeof GONE {
    if (place.depth > DEEPEST) throw blocked(this.#anyMask(), 'cannot look through what nests so deep');
    if (typeof value === 'string') return this.#text(value, place);
    if (typeof value === 'number') return this.#number(value, String(value), place);
    if (isRawNumber(value)) return this.#number(value, value.rawJSON, place);
    if (Array.isArray(value)) return this.#list(value, place);
    if (isRecord(value)) return this.#members(value, place);
    return this.#other(value, place);
  }

  #members(value: JsonObject, place: Place): JsonObject {
    const next: JsonObject = {};
    let changed = false;
    for (const [name, member] of Object.entries(value)) {
      const walked = this.#member(name, member, place);
      changed ||= walked !== member;
      if (walked !== GONE) define(next, name, walked);
    }
    return changed ? next : value;
  }

  #member(name: string, member: JsonValue, place: Place): JsonValue | typeof GONE {
    const { fields } = this.#rules;
    let { inherited } = place;
    const progress: Progress[] = [];
    for (let index = 0; index < fields.length; index++) {
      const { path, how, mask } = fields[index] as (typeof fields)[number];
      const followed = follow(path, place.progress[index] as Progress, name);
      progress.push(followed.progress);
      if (!followed.reached) continue;
      if (how === 'block') throw blocked(mask, `does not let \`${name}\` through`);
      if (how === 'remove') {
        count(this.#tally, mask);
        return GONE;
      }
      if (stricter(inherited?.how, how) === how) inherited = { how, mask };
    }
    return this.walk(member, { ...place, progress, inherited, depth: place.depth + 1 });
  }

  #list(value: JsonValue[], place: Place): JsonValue[] {
    const inside = { ...place, depth: place.depth + 1 };
    let changed = false;
    const next = value.map((item) => {
      const walked = this.walk(item, inside) as JsonValue;
      changed ||= walked !== item;
      return walked;
    });
    return changed ? next : value;
  }

  #text(text: string, place: Place): string {
    const { texts, digest, fields } = this.#rules;
    const { inherited } = place;
    if (inherited !== undefined) {
      count(this.#tally, inherited.mask);
      const found = strictestIn(text, texts, this.#tally);
      const how = found === undefined ? inherited.how : stricter(inherited.how, found);
      return coveredText(how, text, text, digest);
    }
    const elsewhere = (plain: string): string => maskText(plain, texts, digest, this.#tally);
    if (place.texts >= DEEPEST_TEXT) return elsewhere(text);
    // A path may lead into the text from where it stands, or begin anew in it.
    const progress = place.progress.map((reached) => [...new Set([...BEGIN, ...reached])]);
    const root = { progress, inherited, depth: place.depth + 1, texts: place.texts + 1 };
    return walkJsonIn(text, (value) => this.walk(value, root) as JsonValue, elsewhere, fields.length > 0);
  }

  /** A number has no room for marks: it is covered by nothing at all, or by its digest. */
  #number(value: JsonValue, written: string, { inherited }: Place): JsonValue {
    const { texts, digest } = this.#rules;
    const inNumbers = texts.filter(({ detector }) => detector.inNumbers === true);
    const found = strictestIn(written, inNumbers, this.#tally);
    if (inherited !== undefined) count(this.#tally, inherited.mask);
    const how = found === undefined ? inherited?.how : stricter(inherited?.how, found);
    if (how === undefined) return value;
    return how === 'hash' ? digest(written) : null;
  }

  #other(value: boolean | null, { inherited }: Place): JsonValue {
    if (inherited === undefined || value === null) return value;
    count(this.#tally, inherited.mask);
    // Of two values a digest would tell which.
    return null;
  }

  #anyMask(): string {
    return (this.#rules.fields[0] ?? this.#rules.texts[0])?.mask ?? REDACTED;
  }
}

/** `__proto__` of a stranger's JSON is a member like any other. */
function define(into: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__')
    Object.defineProperty(into, name, { value, enumerable: true, writable: true, configurable: true });
  else into[name] = value;
}
