/**
 * A reader for the YAML that most configurations are: mappings and lists by indentation, words, text
 * in simple quotes, and `|` blocks. It accepts a document only when there is nothing in it that it does
 * not know, and gives exactly what the YAML library gives; anything else is the library's.
 *
 * Why have it: the library takes most of the time of a start with a thousand tools. Why it is safe: it
 * never judges. What it declines, valid or not, the library reads and reports; what it accepts is
 * compared with the library over generated and mutated documents in `test/block-document.test.ts`.
 */
import type { MemberOrigin, OriginTree } from './origins.ts';
import { RawDocument } from './raw-document.ts';
import { readScalarText, type FileReading } from './scalar-text.ts';

/** Thrown inside and caught at the door: this document is the library's. */
const DECLINED = new Error('declined');

const DEEPEST = 16;
const KEY = /([A-Za-z_][A-Za-z0-9_.-]*):(?: +|(?=\n)|$)/y;
const INHERITED = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The document between two offsets of the file's text; `null` for one with nothing in it, `undefined`
 * for one that is declined. Declining leaves no trace in `file`.
 */
export function readBlockDocument(file: FileReading, start: number, end: number): RawDocument | null | undefined {
  const marks = { problems: file.problems.length, items: file.items };
  try {
    const read = new BlockReader(file, start, end, false).document();
    if (read === null) return null;
    // Places are seldom asked for, so the document is read again when they are.
    const readOrigins = () => {
      const again = new BlockReader({ ...file, problems: [], items: marks.items }, start, end, true).document();
      return again?.origins ?? { start: read.start, members: new Map<string, never>() };
    };
    return new RawDocument(file.source, read.value, read.start, readOrigins);
  } catch (reason) {
    if (reason !== DECLINED) throw reason;
    file.problems.length = marks.problems;
    file.items = marks.items;
    return undefined;
  }
}

class BlockReader {
  readonly #file: FileReading;
  readonly #text: string;
  readonly #end: number;
  readonly #recording: boolean;
  /** Start of the next content in its line, past indentation and blank and comment lines. */
  #at: number;
  /** Column of `#at`, or -1 at the end. */
  #indent = -1;
  /** Where the value that was just read is; only kept up to date while recording. */
  #origin: MemberOrigin = { key: 0, value: 0 };

  constructor(file: FileReading, start: number, end: number, recording: boolean) {
    this.#file = file;
    this.#text = file.source.text;
    this.#end = end;
    this.#at = start;
    this.#recording = recording;
  }

  document(): { value: Record<string, unknown>; start: number; origins: OriginTree | undefined } | null {
    if (this.#text.startsWith('---', this.#at)) {
      const lineEnd = this.#lineEnd(this.#at);
      if (lineEnd !== this.#at + 3) throw DECLINED;
      this.#at = lineEnd + 1;
    }
    this.#nextContent();
    if (this.#isAtEnd()) return null;
    if (this.#indent !== 0 || this.#isItem()) throw DECLINED;
    const start = this.#at;
    const value = this.#mapping(0, 0);
    if (!this.#isAtEnd()) throw DECLINED;
    return { value, start, origins: this.#origin.inside };
  }

  #isAtEnd(): boolean {
    return this.#indent === -1;
  }

  #isItem(): boolean {
    if (this.#text[this.#at] !== '-') return false;
    const next = this.#text[this.#at + 1];
    return next === ' ' || next === '\n' || next === undefined;
  }

  #lineEnd(from: number): number {
    const at = this.#text.indexOf('\n', from);
    return at === -1 || at > this.#end ? this.#end : at;
  }

  /** Moves from the start of a line to the first line that holds more than a comment. */
  #nextContent(): void {
    for (let lineStart = this.#at; lineStart < this.#end;) {
      let at = lineStart;
      while (this.#text[at] === ' ') at++;
      const first = at < this.#end ? this.#text[at] : '\n';
      if (first === '\t' || first === '\r') throw DECLINED;
      if (first !== '\n' && first !== '#') {
        this.#at = at;
        this.#indent = at - lineStart;
        return;
      }
      lineStart = this.#lineEnd(at) + 1;
    }
    this.#at = this.#end;
    this.#indent = -1;
  }

  #mapping(indent: number, depth: number): Record<string, unknown> {
    if (depth > DEEPEST) throw DECLINED;
    const value: Record<string, unknown> = {};
    const members = new Map<string, MemberOrigin>();
    const start = this.#at;
    do {
      KEY.lastIndex = this.#at;
      const key = KEY.exec(this.#text)?.[1];
      if (key === undefined || Object.hasOwn(value, key) || INHERITED.has(key)) throw DECLINED;
      if (this.#file.items-- <= 0) throw DECLINED;
      const keyAt = this.#at;
      this.#at = KEY.lastIndex;
      value[key] = this.#value(indent, keyAt, depth, true);
      if (this.#recording) members.set(key, this.#origin);
    } while (this.#indent === indent && !this.#isItem());
    if (this.#indent > indent) throw DECLINED;
    if (this.#recording) this.#origin = { key: start, value: start, inside: { start, members } };
    return value;
  }

  #sequence(indent: number, depth: number): unknown[] {
    if (depth > DEEPEST) throw DECLINED;
    const value: unknown[] = [];
    const members = new Map<number, MemberOrigin>();
    const start = this.#at;
    do {
      if (this.#file.items-- <= 0) throw DECLINED;
      const dash = this.#at;
      this.#at++;
      while (this.#text[this.#at] === ' ') this.#at++;
      const item = this.#item(indent, dash, depth);
      if (this.#recording) members.set(value.length, { ...this.#origin, key: this.#origin.value });
      value.push(item);
    } while (this.#indent === indent && this.#isItem());
    if (this.#indent > indent) throw DECLINED;
    if (this.#recording) this.#origin = { key: start, value: start, inside: { start, members } };
    return value;
  }

  #item(indent: number, dash: number, depth: number): unknown {
    if (this.#isItem()) throw DECLINED;
    KEY.lastIndex = this.#at;
    // `- name: x`: a mapping that begins on the line of its dash and goes on below in the same column.
    if (KEY.test(this.#text)) return this.#mapping(indent + this.#at - dash, depth + 1);
    return this.#value(indent, this.#at, depth, false);
  }

  /** What stands behind a key or a dash; afterwards the reader is at the next content. */
  #value(indent: number, keyAt: number, depth: number, ofKey: boolean): unknown {
    const start = this.#at;
    const lineEnd = this.#lineEnd(start);
    if (start >= lineEnd) return this.#below(indent, keyAt, depth, ofKey);
    const rest = this.#text.slice(start, lineEnd);
    if (rest.includes('\t') || rest.includes('\r')) throw DECLINED;
    // Not trimEnd: to YAML only the space is one.
    const written = rest.endsWith(' ') ? rest.replace(/ +$/, '') : rest;
    const first = written[0];
    if (first === '|') return this.#block(indent, start, lineEnd, written, keyAt);
    const value =
      first === '"' || first === "'" ? this.#quoted(written, start, keyAt) : this.#word(written, start, keyAt);
    this.#at = lineEnd + 1;
    this.#nextContent();
    // A deeper line would go on with the scalar.
    if (this.#indent > indent) throw DECLINED;
    return value;
  }

  #below(indent: number, keyAt: number, depth: number, ofKey: boolean): unknown {
    this.#at = this.#lineEnd(this.#at) + 1;
    this.#nextContent();
    // The items of a list may stand in the column of its key.
    const isList = !this.#isAtEnd() && this.#isItem() && (this.#indent > indent || (ofKey && this.#indent === indent));
    if (!isList && this.#indent <= indent) {
      if (!ofKey) throw DECLINED;
      this.#origin = { key: keyAt, value: keyAt };
      return null;
    }
    const value = isList ? this.#sequence(this.#indent, depth + 1) : this.#mapping(this.#indent, depth + 1);
    if (this.#recording) this.#origin = { ...this.#origin, key: keyAt };
    return value;
  }

  #quoted(written: string, start: number, key: number): string {
    const text = written.slice(1, -1);
    if (written.length < 2 || written.at(-1) !== written[0] || /["'\\]/.test(text)) throw DECLINED;
    return this.#scalar(text, key, start, start + written.length, false);
  }

  #word(written: string, start: number, key: number): unknown {
    if (written === 'null') {
      this.#origin = { key, value: key };
      return null;
    }
    if (written === 'true' || written === 'false' || /^(?:0|-?[1-9]\d{0,14})$/.test(written)) {
      this.#origin = { key, value: start, written };
      return written === 'true' ? true : written === 'false' ? false : Number(written);
    }
    if (!isPlainText(written)) throw DECLINED;
    return this.#scalar(written, key, start, start + written.length, true);
  }

  #scalar(written: string, key: number, start: number, end: number, plain: boolean): string {
    const { text, environment } = readScalarText(this.#file, written, [start, end], plain);
    if (this.#recording) this.#origin = environment ? { key, value: start, environment } : { key, value: start };
    return text;
  }

  #block(indent: number, start: number, headerEnd: number, header: string, key: number): string {
    const chomping = header.slice(1);
    if (chomping !== '' && chomping !== '-' && chomping !== '+') throw DECLINED;
    const lines: string[] = [];
    let column = -1;
    let next = headerEnd + 1;
    while (next < this.#end) {
      const lineEnd = this.#lineEnd(next);
      let at = next;
      while (at < lineEnd && this.#text[at] === ' ') at++;
      if (at < lineEnd) {
        const depth = at - next;
        if (column === -1) {
          column = depth;
          // Blank lines above that are deeper than the text are an error, which is not ours to report.
          if (lines.some((line) => line.length > depth)) throw DECLINED;
        }
        if (this.#text[at] === '\t') throw DECLINED;
        if (depth < column) {
          if (depth > indent) throw DECLINED;
          break;
        }
      }
      lines.push(this.#text.slice(next, lineEnd));
      next = lineEnd + 1;
    }
    if (column <= indent) throw DECLINED;
    const body = lines.map((line) => line.slice(column)).join('\n');
    if (body.includes('\r')) throw DECLINED;
    const text = this.#scalar(chomp(body, chomping), key, start, Math.min(next, this.#end), false);
    this.#at = next;
    this.#nextContent();
    if (this.#indent > indent) throw DECLINED;
    return text;
  }
}

/** Text beyond doubt: what could be a number, an indicator, a comment or a key is declined. */
function isPlainText(written: string): boolean {
  if (
    !/^(?:[A-Za-z_/(<$.]|\d+\.\d+\.\d)/.test(written) ||
    /^(?:\.(?:\d|inf|nan)|(?:null|true|false)$)/i.test(written)
  ) {
    return false;
  }
  return !written.includes(': ') && !written.includes(' #') && !written.endsWith(':');
}

function chomp(body: string, chomping: string): string {
  if (chomping === '+') return `${body}\n`;
  const text = body.replace(/\n+$/, '');
  return chomping === '-' || text === '' ? text : `${text}\n`;
}
