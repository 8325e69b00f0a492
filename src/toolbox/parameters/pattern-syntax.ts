/**
 * Reads a regular expression as MCP Toolbox's files write them (RE2) or as JSON Schema does
 * (ECMAScript), and gives two things: the same expression in ECMAScript, and its structure, from which
 * `pattern-cost.ts` tells whether it can be made to run for ever.
 *
 * Whatever is not understood is refused here, where the author of the file can be told, and not at
 * some later call.
 */
import { ANY, complement, LETTER_CLASSES, NAMED_CLASSES, oneOf, union, type CharSet } from './char-set.ts';

export type PatternNode =
  /** One character out of a set; `literal` when only that one will do. */
  | { readonly kind: 'char'; readonly set: CharSet; readonly literal: string | undefined }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly min: number; readonly max: number }
  | { readonly kind: 'start' | 'end' | 'boundary' }
  /** A back-reference or a look-around: its cost is not worked out. */
  | { readonly kind: 'opaque' };

export interface PatternSyntax {
  /** For `new RegExp(source, 'u')`. */
  readonly source: string;
  readonly root: PatternNode;
  /** False where modifiers such as `(?i)` make the sets of `root` too small, and `source` too new for old readers. */
  readonly exact: boolean;
}

/** Why a text is no pattern. */
export class PatternFault extends Error {}

/** Reads `text`; throws `PatternFault`. */
export function readPattern(text: string): PatternSyntax {
  const reader = new PatternReader(text);
  const root = reader.choice('');
  if (!reader.atEnd) throw new PatternFault('a `)` closes nothing');
  try {
    // The last word on syntax belongs to the engine that will run it.
    RegExp(reader.source, 'u');
  } catch (cause) {
    throw new PatternFault((cause as Error).message.replace(/^Invalid regular expression: \/.*\/u: /s, ''), { cause });
  }
  return { source: reader.source, root, exact: reader.exact };
}

const SYNTAX = /[\^$\\.*+?()[\]{}|/]/;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, '0': 0 };

class PatternReader {
  readonly #text: string;
  #at = 0;
  source = '';
  exact = true;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** `a|b|c`, up to a `)` or the end. `modifiers` were set earlier in the group: `(?i)`. */
  choice(modifiers: string): PatternNode {
    const options: PatternNode[] = [];
    let active = modifiers;
    for (;;) {
      const [option, next] = this.#sequence(active);
      options.push(option);
      active = next;
      if (!this.#take('|')) break;
      this.source += '|';
    }
    return options.length === 1 ? (options[0] as PatternNode) : { kind: 'choice', options };
  }

  #sequence(modifiers: string): [PatternNode, string] {
    const items: PatternNode[] = [];
    let active = modifiers;
    let open = 0;
    if (active !== '') {
      this.source += `(?${active}:`;
      open++;
    }
    while (!this.atEnd && this.#peek() !== '|' && this.#peek() !== ')') {
      const set = /^\(\?([a-zA-Z-]+)\)/.exec(this.#text.slice(this.#at, this.#at + 12));
      if (set) {
        // RE2's `(?i)` holds to the end of the group; ECMAScript has only `(?i:…)`.
        active = this.#modifiers(set[1] as string);
        this.#at += set[0].length;
        this.source += `(?${active}:`;
        open++;
        continue;
      }
      items.push(this.#quantified(this.#atom()));
    }
    this.source += ')'.repeat(open);
    return [items.length === 1 ? (items[0] as PatternNode) : { kind: 'sequence', items }, active];
  }

  #modifiers(letters: string): string {
    const unknown = /[^ims-]/.exec(letters);
    if (unknown) throw new PatternFault(`the modifier \`${unknown[0]}\` is not known; \`i\`, \`m\` and \`s\` are`);
    this.exact = false;
    return letters;
  }

  #quantified(body: PatternNode): PatternNode {
    const match = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#text.slice(this.#at, this.#at + 32));
    if (!match) return body;
    const written = match[0];
    this.#at += written.length;
    this.source += written;
    if (this.#take('?')) this.source += '?';
    const [min, max] = bounds(written);
    return { kind: 'repeat', body, min, max };
  }

  #atom(): PatternNode {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'char', set: this.#bracket(), literal: undefined };
      case '\\':
        return this.#escape();
      case '.':
        this.source += '.';
        return { kind: 'char', set: ANY, literal: undefined };
      case '^':
        this.source += '^';
        return { kind: 'start' };
      case '$':
        this.source += '$';
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
        throw new PatternFault(`\`${char}\` repeats nothing; write \`\\${char}\` for the character`);
      default:
        return this.#literal(char);
    }
  }

  #literal(char: string): PatternNode {
    this.source += SYNTAX.test(char) ? `\\${char}` : char;
    return { kind: 'char', set: oneOf(char.codePointAt(0) as number), literal: char };
  }

  #group(): PatternNode {
    const rest = this.#text.slice(this.#at, this.#at + 160);
    const look = /^\?(?:<?[=!])/.exec(rest);
    const named = /^\?P?<([A-Za-z_][A-Za-z0-9_]*)>/.exec(rest);
    const scoped = /^\?([a-zA-Z-]*):/.exec(rest);
    if (look) {
      this.#enter(look[0], `(${look[0]}`);
    } else if (named) {
      this.#enter(named[0], `(?<${named[1]}>`);
    } else if (scoped) {
      const letters = scoped[1] as string;
      this.#enter(scoped[0], `(?${letters === '' ? '' : this.#modifiers(letters)}:`);
    } else if (rest.startsWith('?')) {
      throw new PatternFault('`(?` begins a kind of group that is not known');
    } else {
      this.source += '(';
    }
    const body = this.choice('');
    if (!this.#take(')')) throw new PatternFault('a `(` is not closed');
    this.source += ')';
    return look ? { kind: 'opaque' } : body;
  }

  #enter(written: string, source: string): void {
    this.#at += written.length;
    this.source += source;
  }

  #escape(): PatternNode {
    if (this.atEnd) throw new PatternFault('a `\\` stands at the end; write `\\\\` for the character');
    const char = this.#next();
    if (char === 'A' || char === 'z') {
      const anchor = char === 'A' ? '^' : '$';
      // Under `(?m)` the plain anchors would match at every line.
      this.source += this.exact ? anchor : `(?-m:${anchor})`;
      return { kind: char === 'A' ? 'start' : 'end' };
    }
    if (char === 'b' || char === 'B') {
      this.source += `\\${char}`;
      return { kind: 'boundary' };
    }
    if (char === 'Q') return this.#quoted();
    if (/[1-9k]/.test(char)) {
      const reference = /^(?:\d*|<[^>]*>)/.exec(this.#text.slice(this.#at)) as RegExpExecArray;
      this.#enter(reference[0], `\\${char}${reference[0]}`);
      return { kind: 'opaque' };
    }
    const [set, source] = this.#escapedSet(char, false);
    this.source += source;
    const only = set.length === 1 && set[0]?.[0] === set[0]?.[1] ? set[0]?.[0] : undefined;
    return { kind: 'char', set, literal: only === undefined ? undefined : String.fromCodePoint(only) };
  }

  /** `\Q…\E`: everything between as it stands. */
  #quoted(): PatternNode {
    const end = this.#text.indexOf('\\E', this.#at);
    const items: PatternNode[] = [];
    const stop = end === -1 ? this.#text.length : end;
    while (this.#at < stop) items.push(this.#literal(this.#next()));
    this.#at = end === -1 ? stop : stop + 2;
    return { kind: 'sequence', items };
  }

  /** What an escape stands for, inside brackets and outside, with its ECMAScript form. */
  #escapedSet(char: string, inBrackets: boolean): [CharSet, string] {
    const letterClass = LETTER_CLASSES[char];
    if (letterClass) return [letterClass, `\\${char}`];
    const control = CONTROL[char];
    if (control !== undefined && !(char === '0' && /\d/.test(this.#peek()))) {
      return [oneOf(control), char === 'a' ? '\\x07' : `\\${char}`];
    }
    if (char === 'p' || char === 'P') {
      const match = /^(?:([A-Z])|\{(\^?)([^{}]+)\})/.exec(this.#text.slice(this.#at, this.#at + 64));
      if (!match) throw new PatternFault(`\`\\${char}\` names no class; write \`\\${char}{L}\``);
      this.#at += match[0].length;
      const negated = match[2] === '^' ? (char === 'p' ? 'P' : 'p') : char;
      return [ANY, `\\${negated}{${match[1] ?? match[3]}}`];
    }
    if (char === 'x' || char === 'u') {
      const match = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.#text.slice(this.#at, this.#at + 8));
      const plain = /^[0-9A-Fa-f]{4}/.exec(this.#text.slice(this.#at, this.#at + 4));
      const digits = char === 'u' ? (plain?.[0] ?? match?.[2]) : (match?.[1] ?? match?.[2]);
      if (digits === undefined) throw new PatternFault(`\`\\${char}\` lacks its digits; write \`\\u{20ac}\``);
      this.#at += digits.length + (this.#peek() === '{' ? 2 : 0);
      const codePoint = Number.parseInt(digits, 16);
      return [oneOf(codePoint), `\\u{${codePoint.toString(16)}}`];
    }
    if (PUNCTUATION.test(char)) {
      return [
        oneOf(char.codePointAt(0) as number),
        SYNTAX.test(char) || (inBrackets && char === '-') ? `\\${char}` : char,
      ];
    }
    throw new PatternFault(`\`\\${char}\` is not an escape that is known`);
  }

  /** `[…]`, after the bracket. */
  #bracket(): CharSet {
    const negated = this.#take('^');
    let source = negated ? '[^' : '[';
    const ranges: (readonly [number, number])[] = [];
    let first = true;
    for (;;) {
      if (this.atEnd) throw new PatternFault('a `[` is not closed');
      if (!first && this.#take(']')) break;
      first = false;
      const named = /^\[:(\^?)([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 16));
      if (named) {
        const set = NAMED_CLASSES[named[2] as string];
        if (!set) throw new PatternFault(`\`${named[0]}\` is not a class that is known`);
        this.#at += named[0].length;
        const members = named[1] === '^' ? complement(set) : set;
        ranges.push(...members);
        source += members.map(([from, to]) => `${hex(from)}-${hex(to)}`).join('');
        continue;
      }
      const [low, lowSource] = this.#bracketItem();
      source += lowSource;
      if (isSingle(low) && this.#peek() === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++;
        if (this.atEnd) throw new PatternFault('a `[` is not closed');
        const [high, highSource] = this.#bracketItem();
        const [from, to] = [low[0]?.[0] as number, high[0]?.[1] as number];
        if (!isSingle(high) || to < from) throw new PatternFault(`\`${lowSource}-${highSource}\` is not a range`);
        source += `-${highSource}`;
        ranges.push([from, to]);
      } else {
        ranges.push(...low);
      }
    }
    this.source += `${source}]`;
    return negated ? complement(union(ranges)) : union(ranges);
  }

  #bracketItem(): [CharSet, string] {
    const char = this.#next();
    if (char === '\\') {
      if (this.atEnd) throw new PatternFault('a `[` is not closed');
      const escaped = this.#next();
      return escaped === 'b' ? [oneOf(8), '\\b'] : this.#escapedSet(escaped, true);
    }
    return [oneOf(char.codePointAt(0) as number), /[\]\\^-]/.test(char) ? `\\${char}` : char];
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #next(): string {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) as number);
    this.#at += char.length;
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }
}

function bounds(quantifier: string): [min: number, max: number] {
  if (quantifier === '*') return [0, Infinity];
  if (quantifier === '+') return [1, Infinity];
  if (quantifier === '?') return [0, 1];
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(quantifier) as unknown as [string, string, string, string];
  const min = Number(least);
  return [min, comma === '' ? min : most === '' ? Infinity : Number(most)];
}

const isSingle = (set: CharSet): boolean => set.length === 1 && set[0]?.[0] === set[0]?.[1];
const hex = (codePoint: number): string => `\\u{${codePoint.toString(16)}}`;
