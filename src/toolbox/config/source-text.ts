import type { Place, Position } from '#contract';

// An excerpt goes to terminals and logs. What follows a key of such a name on its line does not.
const SENSITIVE =
  /((?:password|passwd|secret|token|api[_-]?key|authorization|cookie|credential|private[_-]?key)[\w.-]{0,64}["']?\s*:\s+)(?!\$\{|["']?(?:file|secret):\/\/)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}][^,}]*)/gi;

const REDACTED = '[redacted]';

/** Longer lines are cut before anything looks at them. */
const LONGEST_LINE = 4000;
const WIDTH = 140;

/** The text of one configuration file, and where its offsets are. */
export class SourceText {
  /** As the operator named it. */
  readonly file: string;
  /** The folder of the file, absolute. */
  readonly directory: string;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(file: string, directory: string, text: string) {
    this.file = file;
    this.directory = directory;
    this.text = text;
  }

  position(offset: number): Position {
    const line = this.#lineOf(offset);
    return { file: this.file, line: line + 1, column: Math.max(0, offset - this.#startOf(line)) + 1 };
  }

  place(offset: number): Place {
    const position = this.position(offset);
    return { ...position, excerpt: this.#excerpt(position) };
  }

  /** The offset of a place in the text of a `|` block that begins at `start`; `start` for any other value. */
  withinBlock(start: number, { line, column }: Pick<Position, 'line' | 'column'>): number {
    if (!/^\|[+-]?[ \t]*(?:#.*)?$/.test(this.#lineFrom(start))) return start;
    const first = this.#lineOf(start) + 1;
    const written = Array.from({ length: line }, (_, at) => this.#lineFrom(this.#startOf(first + at)));
    const indent = written.find((one) => one.trim() !== '')?.search(/\S/) ?? 0;
    return this.#startOf(first + line - 1) + indent + column - 1;
  }

  #lineFrom(offset: number): string {
    const end = this.text.indexOf('\n', offset);
    return this.text.slice(offset, end === -1 ? undefined : end).replace(/\r$/, '');
  }

  #excerpt({ line, column }: Position): string {
    const start = this.#startOf(line - 1);
    const end = this.#lines()[line] ?? this.text.length + 1;
    const whole = this.text.slice(start, Math.min(end - 1, start + LONGEST_LINE)).trimEnd();
    if (whole.trim() === '' || column > LONGEST_LINE) return '';
    const { shown, caret } = redact(whole, column - 1);
    // The window slides so that the caret stays inside it.
    const from = caret > WIDTH ? caret - WIDTH / 2 : 0;
    const cut = shown.slice(from, from + WIDTH);
    const label = `${line} | `;
    // Tabs stay tabs, so that the caret stands below its character whatever their width.
    const blank = cut
      .slice(0, caret - from)
      .replace(/[^\t]/g, ' ')
      .padEnd(caret - from);
    return `${label}${printable(cut)}\n${' '.repeat(label.length - 2)}| ${blank}^`;
  }

  #lineOf(offset: number): number {
    const starts = this.#lines();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #startOf(line: number): number {
    return this.#lines()[line] ?? this.text.length;
  }

  #lines(): number[] {
    if (this.#lineStarts) return this.#lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
    return starts;
  }
}

/** The line without what may be secret, and where the caret belongs in it. */
function redact(line: string, at: number): { shown: string; caret: number } {
  let caret = at;
  const shown = line.replace(SENSITIVE, (match: string, key: string, value: string, offset: number) => {
    const start = offset + key.length;
    const end = offset + match.length;
    if (at >= end) caret += REDACTED.length - value.length;
    else if (at > start) caret = start;
    return key + REDACTED;
  });
  return { shown, caret };
}

/** Control characters would move the cursor of whoever reads the message. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cn}]/gu, (character) => (character === '\t' ? character : '\u{fffd}'));
}
