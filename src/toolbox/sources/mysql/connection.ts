/**
 * One session with the server: runs a statement for one call at a time and is made clean before the
 * next.
 *
 * A read-only call runs inside START TRANSACTION READ ONLY, which was sent when the connection came
 * back from the call before, so the caller does not wait for it; the server's status flag confirms it.
 * Two things that MariaDB allows inside would end such a transaction: a compound statement
 * (`BEGIN NOT ATOMIC COMMIT; …`) and CALL. Both, and everything else that commits implicitly, return
 * no columns when prepared, and so a read-only call runs only what the server says returns some.
 * Maintenance (`OPTIMIZE TABLE`) returns some and is let through by READ ONLY, for it changes no data;
 * it goes by its first word, which nothing else depends on.
 */
import { toolboxError } from '../../errors.ts';
import type { SqlConnection } from '../pooled-call.ts';
import type { QueryLimits, SqlValue } from '../source.ts';
import { dial, type Dialer } from './dial.ts';
import { encodeParameter, type TypedParameters } from './encode.ts';
import { StatementRun, type Ran } from './statement-run.ts';
import { IN_TRANSACTION_READ_ONLY, type WireConnection, type WireOk, type WireStatement } from './wire.ts';

const CANCEL_PATIENCE_MS = 5000;
/** ER_UNSUPPORTED_PS: the server runs the statement, but does not prepare it. */
const NOT_PREPARABLE = 1295;

export type RunOptions = Pick<QueryLimits, 'maxRows' | 'maxBytes' | 'readOnly'>;

export class MysqlConnection implements SqlConnection {
  readonly #dialer: Dialer;
  readonly #connection: WireConnection;
  readonly #typed: TypedParameters;
  readonly #seen = new WeakSet<WireStatement>();
  #run: StatementRun | undefined;
  /** A read-only transaction is open, and nothing was asked in it yet. */
  #armed = false;
  #readOnly = false;
  #broken = false;

  static async open(dialer: Dialer, signal: AbortSignal): Promise<MysqlConnection> {
    const { connection, typed } = await dial(dialer, signal);
    dialer.counts.connections++;
    const opened = new MysqlConnection(dialer, connection, typed);
    try {
      for (const statement of dialer.session.setup) await opened.#command(statement);
    } catch (error) {
      opened.destroy();
      throw error;
    }
    return opened;
  }

  constructor(dialer: Dialer, connection: WireConnection, typed: TypedParameters) {
    this.#dialer = dialer;
    this.#connection = connection;
    this.#typed = typed;
    const lost = (error?: Error): void => {
      this.#broken = true;
      this.#run?.lost(error ?? new Error('the server closed the connection'));
    };
    connection.on('error', lost);
    connection.on('end', lost);
    connection.stream.on('close', () => lost());
    connection.stream.prependListener('data', (chunk: Buffer) => this.#run?.watch(chunk.length));
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Rejects with the driver's error; `settle` must follow before the next run, whatever came of it. */
  async run(text: string, values: readonly SqlValue[], options: RunOptions): Promise<Ran> {
    this.#run = undefined;
    this.#readOnly = options.readOnly;
    if (options.readOnly) await this.#arm();
    else if (this.#armed) await this.#command('ROLLBACK');
    this.#armed = false;
    const statement = await this.#prepare(text, options.readOnly || values.length > 0);
    if (statement && statement.parameters.length !== values.length) {
      const [wanted, given] = [statement.parameters.length, values.length];
      throw toolboxError('SQL_FAILED', `the statement has ${wanted} placeholders, and ${given} values were given`);
    }
    if (options.readOnly && (statement?.columns.length === 0 || !onlyReads(text))) {
      throw toolboxError(
        'READ_ONLY',
        'a read-only call runs queries alone: SELECT, WITH, SHOW, EXPLAIN, DESCRIBE, TABLE, VALUES',
      );
    }
    const run = new StatementRun({ ...options, stoppable: options.readOnly || onlyReads(text) });
    this.#run = run;
    run.follow(
      statement?.execute(values.map((value) => encodeParameter(value, this.#typed))) ?? this.#connection.query(text),
    );
    return run.done;
  }

  async settle(traces: boolean): Promise<void> {
    if (this.#broken) return;
    if (this.#run && !this.#run.ended) return this.cancel();
    this.#run = undefined;
    try {
      if (traces) await this.#reset();
      else if (this.#readOnly) await this.#rearm();
      if (this.#readOnly) await this.#arm();
    } catch {
      this.destroy();
    }
  }

  /** KILL QUERY from a second connection; this one is given up, lest a late KILL meets the next statement. */
  async cancel(): Promise<void> {
    const patience = AbortSignal.timeout(CANCEL_PATIENCE_MS);
    const late = new Promise<void>((resolve) => {
      patience.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      const { connection } = await dial(this.#dialer, patience);
      const killed = new Promise<void>((resolve) => {
        connection.query(`KILL QUERY ${this.#connection.threadId}`, () => resolve());
      });
      await Promise.race([Promise.all([killed, this.#run?.end]), late]);
      connection.stream.destroy();
    } catch {
      // No second connection to be had: dropping this one is all that is left.
    } finally {
      this.destroy();
    }
  }

  async end(): Promise<void> {
    this.#broken = true;
    await new Promise<void>((resolve, reject) => {
      this.#connection.end((error) => (error ? reject(error) : resolve()));
    });
  }

  destroy(): void {
    this.#broken = true;
    this.#connection.stream.destroy();
  }

  /** Opens a read-only transaction unless one is open; the server's own flag says that it is. */
  async #arm(): Promise<void> {
    if (this.#armed) return;
    const answer = await this.#command('START TRANSACTION READ ONLY');
    if ((answer.serverStatus & IN_TRANSACTION_READ_ONLY) === 0) {
      this.destroy();
      throw toolboxError('READ_ONLY', 'the server did not open a read-only transaction; nothing was run');
    }
    this.#armed = true;
  }

  /** Ends the transaction and opens the next like it in one message. */
  async #rearm(): Promise<void> {
    const answer = await this.#command('ROLLBACK AND CHAIN');
    this.#armed = (answer.serverStatus & IN_TRANSACTION_READ_ONLY) !== 0;
  }

  /** Drops what the session holds: transaction, variables, locks, temporary tables, prepared statements. */
  async #reset(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null): void => (error ? reject(error) : resolve());
      // A reset keeps the database of the last USE; only a new login goes back to none.
      if (this.#dialer.config.database === '') this.#connection.changeUser({}, done);
      else this.#connection.reset(done);
    });
    this.#armed = false;
    for (const statement of this.#dialer.session.setup) await this.#command(statement);
  }

  /** Undefined for a statement that cannot be prepared and may run as it is. */
  async #prepare(text: string, must: boolean): Promise<WireStatement | undefined> {
    const statement = await new Promise<WireStatement | undefined>((resolve, reject) => {
      const lost = (): void => reject(new Error('the server closed the connection'));
      this.#connection.stream.once('close', lost);
      this.#connection.prepare(text, (error, prepared) => {
        this.#connection.stream.off('close', lost);
        if (!error) resolve(prepared);
        else if (!must && (error as { errno?: number }).errno === NOT_PREPARABLE) resolve(undefined);
        else reject(error);
      });
    });
    if (statement && !this.#seen.has(statement)) {
      this.#seen.add(statement);
      this.#dialer.counts.prepares++;
    }
    return statement;
  }

  /** A statement of our own, which answers without rows. */
  async #command(sql: string): Promise<WireOk> {
    return new Promise((resolve, reject) => {
      this.#connection.query(sql, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }
}

/**
 * By its first word. Beside the refusal of maintenance, this decides whether an answer beyond its
 * limits is stopped or read to its end. A comment that the server executes is no comment here.
 */
function onlyReads(text: string): boolean {
  return /^(?:\s|\(|\/\*(?!M?!)[\s\S]*?\*\/|(?:--\s|#).*\n)*(?:select|with|show|explain|desc|describe|table|values)\b/i.test(
    text,
  );
}
