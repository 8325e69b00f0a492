/** A line of Cedar whose texts are taken out, so that what is looked for is never found inside of one. */
export class Line {
  /** The line with `"0"`, `"1"` and so on in the place of its texts. */
  readonly text: string;
  readonly #literals: string[] = [];

  constructor(written: string) {
    this.text = written.replace(/"(?:[^"\\]|\\.)*"/g, (literal) => `"${this.#literals.push(literal) - 1}"`);
  }

  /** What a piece of `text` says: a text, a number or a list of them. Throws for anything else. */
  value(piece: string): unknown {
    return JSON.parse(piece.replace(/"(\d+)"/g, (_, at: string) => this.#literals[Number(at)] ?? ''));
  }

  /** What the first group of each match says. */
  all(expression: RegExp): readonly unknown[] {
    return [...this.text.matchAll(expression)].map(([, piece = '']) => this.value(piece));
  }
}
