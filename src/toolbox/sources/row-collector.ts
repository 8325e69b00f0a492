/**
 * Rows of one answer as they arrive, up to `maxRows` and up to `maxBytes` of JSON text.
 *
 * The source streams into it and stops the database as soon as `add` says that no more fits, so a
 * statement over a billion rows costs what the caller gets, not what the table holds.
 */
import type { Row, Truncation } from './source.ts';

export class RowCollector {
  readonly rows: Row[] = [];
  truncated: Truncation | undefined;
  readonly #maxRows: number;
  readonly #maxBytes: number;
  /** Bytes of the rows that were measured, with the array's brackets; each row brings its comma. */
  #bytes = 2;
  #measured = 0;
  /** Upper bound of the rows that were not. */
  #bound = 0;

  constructor(limits: { readonly maxRows: number; readonly maxBytes: number }) {
    this.#maxRows = limits.maxRows;
    this.#maxBytes = limits.maxBytes;
  }

  /** True once something did not fit: everything further is to be left in the database. */
  get full(): boolean {
    return this.truncated !== undefined;
  }

  /**
   * Takes a row, or refuses it and every later one. `atMost` is an upper bound of the row's JSON in
   * bytes where the source knows one cheaply: while the bounds alone stay under the limit, no row is
   * serialised just to be measured.
   */
  add(row: Row, atMost?: number): boolean {
    if (this.truncated) return false;
    if (this.rows.length >= this.#maxRows) {
      this.truncated = { by: 'maxRows', limit: this.#maxRows };
      return false;
    }
    if (atMost !== undefined && this.#bytes + this.#bound + atMost <= this.#maxBytes) {
      this.#bound += atMost + 1;
      this.rows.push(row);
      return true;
    }
    this.#measure();
    const bytes = jsonBytes(row);
    if (this.#bytes + bytes > this.#maxBytes) {
      this.truncated = { by: 'maxBytes', limit: this.#maxBytes };
      return false;
    }
    this.#bytes += bytes + 1;
    this.#measured++;
    this.rows.push(row);
    return true;
  }

  /** For a row that the source gave up reading, since its parts alone are beyond `maxBytes`. */
  refuse(): void {
    this.truncated ??= { by: 'maxBytes', limit: this.#maxBytes };
  }

  /** Replaces the bounds by the bytes they stood for. Each row is measured at most once. */
  #measure(): void {
    for (; this.#measured < this.rows.length; this.#measured++) {
      this.#bytes += jsonBytes(this.rows[this.#measured] as Row) + 1;
    }
    this.#bound = 0;
  }
}

const jsonBytes = (row: Row): number => Buffer.byteLength(JSON.stringify(row));
