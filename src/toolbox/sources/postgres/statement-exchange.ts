/**
 * One statement, from its text to its rows, over the extended query protocol (PostgreSQL manual 54.2.3).
 *
 * The extended protocol takes exactly one statement a Parse message, so no text can smuggle in a
 * second one. A read-only call travels inside its own transaction:
 *
 *     BEGIN READ ONLY · statement · ROLLBACK
 *
 * all three as protocol messages, so that the statement's text cannot reach past them. Rolling back
 * rather than committing also undoes what READ ONLY lets pass: SET, NOTIFY, temporary rows.
 *
 * Rows are fetched in one of two ways. *Paged*: the server sends some rows and waits, so it never
 * produces more than we keep; costs a round trip more. *Whole*: everything in one write, for a
 * statement whose answers were small so far; what comes beyond the limits is skipped.
 */
import { formatSize } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { RowCollector } from '../row-collector.ts';
import type { QueryLimits } from '../source.ts';
import { answerShape, type AnswerShape } from './answer-shape.ts';
import { bindAndExecute, type Submittable, type WireConnection } from './wire.ts';

/** Prepared on each connection before its first read-only call. */
export const BEGIN_READ_ONLY = { name: 'chatelaine_begin', text: 'BEGIN TRANSACTION READ ONLY' } as const;
export const ROLLBACK = { name: 'chatelaine_rollback', text: 'ROLLBACK' } as const;
const beginMessages = bindAndExecute(BEGIN_READ_ONLY.name);
const rollbackMessages = bindAndExecute(ROLLBACK.name);

const FIRST_PAGE = 64;
const LARGEST_PAGE = 2048;
/** An answer beyond its limits is read to its end up to here; then the connection is given up. */
const SKIPPED_READ_ONLY = 1024 * 1024;
const SKIPPED_WRITING = 64 * 1024 * 1024;
/** Beyond `maxBytes`, how much one row may take on the wire: hex and blanks that JSON does not have. */
const MESSAGE_SLACK = 1024 * 1024;
const LARGEST_MESSAGE = 400 * 1024 * 1024;

export interface ExchangeRequest {
  readonly text: string;
  /** Empty for a statement that is not kept. */
  readonly name: string;
  /** False when the connection has it prepared under `name`. */
  readonly parse: boolean;
  /** Known from an earlier run of the same prepared statement; `none` when it returns no rows. */
  readonly shape: AnswerShape | 'none' | undefined;
  readonly values: readonly (string | Buffer | null)[];
  readonly readOnly: boolean;
  readonly whole: boolean;
  readonly limits: Pick<QueryLimits, 'maxRows' | 'maxBytes'>;
  /** The connection has `BEGIN_READ_ONLY` and `ROLLBACK` prepared. */
  readonly transactionPrepared: boolean;
  /** Prepared statements to forget first. */
  readonly stale: readonly string[];
  /** Drops the connection: the server still sends, and nobody wants the rest. */
  readonly drop: () => void;
}

export interface Exchanged {
  readonly collector: RowCollector;
  /** The command tag: `SELECT 3`, `INSERT 0 1`, `SET`; empty when the answer was cut. */
  readonly tag: string;
  readonly shape: AnswerShape | 'none';
  /** Characters of rows that arrived, kept or not. */
  readonly received: number;
}

export class StatementExchange implements Submittable {
  readonly done: Promise<Exchanged>;
  /** Counted up by the connection as bytes arrive, to notice a row too large to take in. */
  bytesSinceMessage = 0;
  readonly #request: ExchangeRequest;
  readonly #collector: RowCollector;
  readonly #settle: PromiseWithResolvers<Exchanged>;
  #step: 'begin' | 'statement' | 'end';
  #shape: AnswerShape | 'none';
  #tag = '';
  #seen = 0;
  #page: number;
  #received = 0;
  #skipped = 0;
  #finished = false;

  constructor(request: ExchangeRequest) {
    this.#request = request;
    this.#collector = new RowCollector(request.limits);
    this.#settle = Promise.withResolvers<Exchanged>();
    this.done = this.#settle.promise;
    this.#step = request.readOnly ? 'begin' : 'statement';
    this.#shape = request.shape ?? 'none';
    this.#page = this.#rowsWanted(request.whole ? Number.POSITIVE_INFINITY : FIRST_PAGE);
  }

  submit(connection: WireConnection): void {
    const { name, text, parse, shape, values, readOnly, whole } = this.#request;
    connection.stream.cork();
    for (const stale of this.#request.stale) connection.close({ type: 'S', name: stale });
    if (readOnly) {
      if (!this.#request.transactionPrepared) {
        connection.parse(BEGIN_READ_ONLY);
        connection.parse(ROLLBACK);
      }
      connection.stream.write(beginMessages);
    }
    if (parse) connection.parse({ name, text });
    connection.bind({ statement: name, values });
    if (shape === undefined) connection.describe({ type: 'P', name: '' });
    connection.execute({ rows: this.#page });
    if (whole) this.#end(connection);
    else connection.flush();
    connection.stream.uncork();
  }

  handleRowDescription(message: Parameters<Submittable['handleRowDescription']>[0]): void {
    this.bytesSinceMessage = 0;
    this.#shape = answerShape(message.fields);
  }

  handleDataRow(message: Parameters<Submittable['handleDataRow']>[0]): void {
    this.bytesSinceMessage = 0;
    this.#seen++;
    if (this.#finished || this.#shape === 'none') return;
    if (this.#collector.full) {
      this.#skip(message.fields);
      return;
    }
    try {
      const { row, length, atMost } = this.#shape.read(message.fields);
      this.#received += length;
      this.#collector.add(row, atMost);
    } catch (error) {
      this.#fail(error);
    }
  }

  handlePortalSuspended(connection: WireConnection): void {
    this.bytesSinceMessage = 0;
    if (this.#request.whole) return this.#statementOver();
    if (this.#collector.full) return this.#endAfter(connection);
    const perRow = this.#received / Math.max(1, this.#seen);
    const affordable = (this.#request.limits.maxBytes * 2) / Math.max(1, perRow);
    this.#page = this.#rowsWanted(Math.min(this.#page * 4, LARGEST_PAGE, Math.max(1, affordable)));
    connection.execute({ rows: this.#page });
    connection.flush();
  }

  handleCommandComplete(message: { readonly text: string }, connection: WireConnection): void {
    this.bytesSinceMessage = 0;
    if (this.#step === 'begin') {
      this.#step = 'statement';
    } else if (this.#step === 'statement') {
      this.#tag = message.text;
      if (this.#request.whole) this.#statementOver();
      else this.#endAfter(connection);
    }
  }

  handleEmptyQuery(connection: WireConnection): void {
    this.#fail(toolboxError('SQL_FAILED', 'the statement is empty'));
    if (!this.#request.whole) this.#endAfter(connection);
  }

  handleReadyForQuery(): void {
    this.#resolve();
  }

  /** An error ends the exchange on the server's side; all up to the Sync is skipped there. */
  handleError(error: Error, connection: WireConnection): void {
    if (!this.#request.whole && this.#step !== 'end') connection.sync();
    this.#fail(error);
  }

  handleCopyInResponse(connection: WireConnection): void {
    connection.sendCopyFail('a tool cannot send rows to COPY FROM STDIN');
  }

  handleCopyData(): void {
    // COPY TO STDOUT sends without pause and heeds no row limit: there is no end to wait for.
    this.#fail(toolboxError('SQL_FAILED', 'COPY TO STDOUT is not supported; use SELECT'));
    this.#request.drop();
  }

  /** Notices and the like: a message came to its end, and is none of ours. */
  otherMessage(): void {
    this.bytesSinceMessage = 0;
  }

  /** What one message may take before `oversized` is called. */
  get messageLimit(): number {
    return Math.min(this.#request.limits.maxBytes * 2 + MESSAGE_SLACK, LARGEST_MESSAGE);
  }

  /** One row grew beyond anything the limits could keep. */
  oversized(): void {
    if (!this.#request.readOnly) {
      const outcome = this.#request.whole
        ? 'whether the statement took effect is not known'
        : 'the statement was undone';
      this.#fail(
        toolboxError('SQL_FAILED', `one row is larger than ${formatSize(this.messageLimit)}; ${outcome}`, {
          remedy: 'Ask for less of the value, for example with `substr`, or raise `maxBytes`.',
        }),
      );
      this.#request.drop();
      return;
    }
    this.#collector.refuse();
    this.#resolve();
    this.#request.drop();
  }

  #skip(fields: readonly (string | null)[]): void {
    for (const field of fields) this.#skipped += field?.length ?? 0;
    if (this.#skipped <= (this.#request.readOnly ? SKIPPED_READ_ONLY : SKIPPED_WRITING)) return;
    if (this.#request.readOnly) {
      this.#resolve();
    } else {
      // Only a statement whose answers were small before comes here: the others are fetched in pages.
      this.#fail(
        toolboxError(
          'SQL_FAILED',
          'the answer is far beyond `maxBytes`; whether the statement took effect is not known',
        ),
      );
    }
    this.#request.drop();
  }

  #rowsWanted(most: number): number {
    // One more than is kept, to know that there was more; the protocol counts in 32 bits.
    return Math.max(1, Math.min(most, this.#request.limits.maxRows + 1 - this.#seen, 2 ** 31 - 1));
  }

  #statementOver(): void {
    this.#step = 'end';
  }

  #endAfter(connection: WireConnection): void {
    this.#statementOver();
    connection.stream.cork();
    this.#end(connection);
    connection.stream.uncork();
  }

  #end(connection: WireConnection): void {
    if (this.#request.readOnly) connection.stream.write(rollbackMessages);
    connection.sync();
  }

  #resolve(): void {
    this.#finished = true;
    this.#settle.resolve({
      collector: this.#collector,
      tag: this.#tag,
      shape: this.#shape,
      received: this.#received + this.#skipped,
    });
  }

  #fail(error: unknown): void {
    this.#finished = true;
    this.#settle.reject(error);
  }
}
