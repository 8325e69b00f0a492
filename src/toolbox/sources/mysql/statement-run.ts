/**
 * One statement's answer as it streams in: rows into the collector, the rest of an answer that is
 * beyond its limits past it, until the end or until it is not worth reading on.
 */
import type { EventEmitter } from 'node:events';
import { formatSize } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { RowCollector } from '../row-collector.ts';
import type { QueryLimits, Row } from '../source.ts';
import { rowMaker } from '../values.ts';
import { decoderFor } from './decode.ts';
import type { WireColumn, WireOk } from './wire.ts';

/** How much of an answer beyond its limits is read, when stopping the statement harms nothing, and when it might. */
const SKIPPED_READING = 256 * 1024;
const SKIPPED_WRITING = 64 * 1024 * 1024;
/** Beyond `maxBytes`, what one row may take before it is given up unread. */
const ROW_SLACK = 1024 * 1024;
const LARGEST_ROW = 400 * 1024 * 1024;

export interface Ran {
  readonly collector: RowCollector;
  /** Rows changed, of a statement that returned none. */
  readonly affected: number | undefined;
}

export interface RunLimits extends Pick<QueryLimits, 'maxRows' | 'maxBytes'> {
  /** The statement only reads: it may be stopped in the middle. */
  readonly stoppable: boolean;
}

export class StatementRun {
  readonly done: Promise<Ran>;
  /** The server has sent the last of it; before that, the connection takes no other statement. */
  ended = false;
  /** Resolves with `ended`. */
  readonly end: Promise<void>;
  readonly #limits: RunLimits;
  readonly #collector: RowCollector;
  readonly #settle = Promise.withResolvers<Ran>();
  readonly #over = Promise.withResolvers<void>();
  #read: ((values: readonly unknown[]) => { row: Row; atMost: number }) | undefined;
  #answers = 0;
  #affected: number | undefined;
  #skipped = 0;
  #sinceRow = 0;

  constructor(limits: RunLimits) {
    this.#limits = limits;
    this.#collector = new RowCollector(limits);
    this.done = this.#settle.promise;
    this.end = this.#over.promise;
  }

  follow(command: EventEmitter): void {
    command.on('fields', (columns: readonly WireColumn[] | undefined) => this.#onColumns(columns));
    command.on('result', (result: readonly unknown[] | WireOk) =>
      Array.isArray(result) ? this.#onRow(result) : this.#onOk(result as WireOk),
    );
    command.on('error', (error: Error) => this.#settle.reject(error));
    command.on('end', () => this.#finish());
  }

  /** The connection is gone; nothing more will come. */
  lost(error: Error): void {
    this.#settle.reject(error);
    this.#finish();
  }

  /** Bytes arrived; tells a row that is larger than anything the limits could keep. */
  watch(bytes: number): void {
    this.#sinceRow += bytes;
    const limit = Math.min(this.#limits.maxBytes * 2 + ROW_SLACK, LARGEST_ROW);
    if (this.#sinceRow <= limit) return;
    this.#collector.refuse();
    if (this.#limits.stoppable) {
      this.#resolve();
    } else {
      this.#settle.reject(
        toolboxError(
          'SQL_FAILED',
          `one row is larger than ${formatSize(limit)}; whether the statement took effect is not known`,
        ),
      );
    }
  }

  #onColumns(columns: readonly WireColumn[] | undefined): void {
    this.#sinceRow = 0;
    if (columns === undefined) return;
    // CALL may answer several times; the first answer is the tool's.
    this.#answers++;
    if (this.#answers > 1) return;
    const decoders = columns.map(decoderFor);
    const make = rowMaker(columns.map((column) => column.name));
    columns.forEach(hideName);
    const overhead = 2 + columns.reduce((sum, column) => sum + column.name.length * 6 + 40, 0);
    this.#read = (values) => ({
      row: make(decoders.map((decode, index) => (values[index] === null ? null : decode(values[index])))),
      atMost: overhead + values.reduce((sum: number, value) => sum + sizeOf(value), 0) * 6,
    });
  }

  #onRow(values: readonly unknown[]): void {
    this.#sinceRow = 0;
    if (this.#answers > 1 || this.#read === undefined) return;
    if (this.#collector.full) return this.#skip(values);
    try {
      const { row, atMost } = this.#read(values);
      this.#collector.add(row, atMost);
    } catch (error) {
      this.#settle.reject(error);
    }
  }

  #onOk(answer: WireOk): void {
    this.#sinceRow = 0;
    if (this.#answers === 0) this.#affected = Number(answer.affectedRows);
  }

  #skip(values: readonly unknown[]): void {
    this.#skipped += 8 * values.length + values.reduce((sum: number, value) => sum + sizeOf(value), 0);
    if (this.#limits.stoppable) {
      if (this.#skipped > SKIPPED_READING) this.#resolve();
    } else if (this.#skipped > SKIPPED_WRITING) {
      this.#settle.reject(
        toolboxError(
          'SQL_FAILED',
          'the answer is far beyond `maxBytes`; whether the statement took effect is not known',
        ),
      );
    }
  }

  #finish(): void {
    this.ended = true;
    this.#resolve();
    this.#over.resolve();
  }

  #resolve(): void {
    this.#settle.resolve({ collector: this.#collector, affected: this.#affected });
  }
}

/**
 * The driver refuses to read an answer with a column called `__proto__`, though it is told to make
 * rows without names. By now the names are ours, and it may see another.
 */
function hideName(column: WireColumn): void {
  if (column.name.startsWith('__')) Object.defineProperty(column, 'name', { value: `column ${column.name}` });
}

/** Characters or bytes; numbers are in the overhead. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 0;
}
