/**
 * One session with the server: runs a statement for one call at a time and is made clean before the
 * next. Keeps the author's statements prepared, and knows how small their answers were.
 */
import type { SqlConnection } from '../pooled-call.ts';
import type { QueryLimits, SqlValue } from '../source.ts';
import type { AnswerShape } from './answer-shape.ts';
import { dial, requestCancel, type Dialer, type Dialled } from './dial.ts';
import { encodeParameter } from './encode.ts';
import { stalePreparation } from './faults.ts';
import { ParameterTypesExchange } from './parameter-types.ts';
import { StatementExchange, type Exchanged } from './statement-exchange.ts';
import type { WireClient } from './wire.ts';

/** Statements kept prepared on a connection; the one longest unused makes room. */
const MOST_PREPARED = 500;
/** Answers up to here are fetched in one write the next time. */
const SMALL_ANSWER = 64 * 1024;
const CANCEL_PATIENCE_MS = 5000;

interface Prepared {
  readonly name: string;
  parsed: boolean;
  shape: AnswerShape | 'none' | undefined;
  parameterTypes: readonly number[] | undefined;
  small: boolean;
}

export interface RunOptions extends Pick<QueryLimits, 'maxRows' | 'maxBytes' | 'readOnly'> {
  /** Keep the statement prepared under its text. */
  readonly keep: boolean;
}

export class PostgresConnection implements SqlConnection {
  readonly #dialer: Dialer;
  readonly #client: WireClient;
  readonly #tls: Dialled['tls'];
  readonly #setup: string | undefined;
  /** By text, in the order of their last use. */
  readonly #prepared = new Map<string, Prepared>();
  #stale: string[] = [];
  #transactionPrepared = false;
  #names = 0;
  #exchange: StatementExchange | undefined;
  /** The last exchange did not come to its good end: a transaction may be open. */
  #failed = false;
  #broken = false;

  static async open(dialer: Dialer, signal: AbortSignal): Promise<PostgresConnection> {
    const dialled = await dial(dialer, signal);
    dialer.counts.connections++;
    if (dialled.setup !== undefined) await dialled.client.query(dialled.setup);
    return new PostgresConnection(dialer, dialled);
  }

  constructor(dialer: Dialer, { client, tls, setup }: Dialled) {
    this.#dialer = dialer;
    this.#client = client;
    this.#tls = tls;
    this.#setup = setup;
    const broken = (): void => {
      this.#broken = true;
    };
    client.on('error', broken);
    client.on('end', broken);
    client.on('notice', () => this.#exchange?.otherMessage());
    client.connection.stream.prependListener('data', (chunk: Buffer) => this.#watch(chunk.length));
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Rejects with the driver's error; `settle` must follow before the next run, whatever came of it. */
  async run(text: string, values: readonly SqlValue[], options: RunOptions): Promise<Exchanged> {
    try {
      return await this.#runOnce(text, values, options);
    } catch (error) {
      const stale = stalePreparation(error);
      if (stale === undefined) throw error;
      if (stale === 'session') this.#forgetAll();
      await this.settle(false);
      return this.#runOnce(text, values, options);
    }
  }

  /**
   * Makes the session fit for the next caller: no transaction open and, where the last statement may
   * have left something (`traces`), nothing set, prepared, locked or temporary.
   */
  async settle(traces: boolean): Promise<void> {
    this.#exchange = undefined;
    if (this.#broken) return;
    try {
      if (this.#failed || this.#client.getTransactionStatus() !== 'I') await this.#client.query('ROLLBACK');
      this.#failed = false;
      if (traces) {
        await this.#client.query('DISCARD ALL');
        if (this.#setup !== undefined) await this.#client.query(this.#setup);
        this.#forgetAll();
      }
    } catch {
      this.destroy();
    }
  }

  /**
   * Stops what runs, on the server as well, and gives the connection up: a cancel request may arrive
   * late, and must not meet the next caller's statement.
   */
  async cancel(): Promise<void> {
    const over = this.#exchange?.done.then(
      () => undefined,
      () => undefined,
    );
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, CANCEL_PATIENCE_MS);
    try {
      await requestCancel(this.#dialer, { client: this.#client, tls: this.#tls }, CANCEL_PATIENCE_MS);
      await Promise.race([over, patience.promise]);
    } catch {
      // A certificate file that went away: dropping the connection is all that is left.
    } finally {
      clearTimeout(timer);
      this.destroy();
    }
  }

  async end(): Promise<void> {
    this.#broken = true;
    await this.#client.end();
  }

  destroy(): void {
    this.#broken = true;
    this.#client.connection.stream.destroy();
  }

  async #runOnce(text: string, values: readonly SqlValue[], options: RunOptions): Promise<Exchanged> {
    const prepared = options.keep ? this.#preparedFor(text) : undefined;
    try {
      return await this.#exchangeFor(text, values, options, prepared);
    } catch (error) {
      // Whether the server has it prepared now depends on where it failed; a new name is always right.
      if (prepared) this.#forget(text, prepared);
      throw error;
    }
  }

  async #exchangeFor(
    text: string,
    values: readonly SqlValue[],
    options: RunOptions,
    prepared: Prepared | undefined,
  ): Promise<Exchanged> {
    const types = values.some(Array.isArray) ? await this.#parameterTypes(text, prepared) : undefined;
    const parse = prepared?.parsed !== true;
    const exchange = new StatementExchange({
      text,
      name: prepared?.name ?? '',
      parse,
      shape: prepared?.shape,
      values: values.map((value, index) => encodeParameter(value, types?.[index])),
      readOnly: options.readOnly,
      whole: prepared?.small === true,
      limits: options,
      transactionPrepared: this.#transactionPrepared,
      stale: this.#stale,
      drop: () => this.destroy(),
    });
    this.#stale = [];
    if (options.readOnly) this.#transactionPrepared = true;
    if (parse) this.#dialer.counts.parses++;
    const answer = await this.#submit(exchange);
    if (prepared) {
      prepared.parsed = true;
      prepared.shape = answer.shape;
      prepared.small = answer.received <= SMALL_ANSWER && answer.collector.truncated?.by !== 'maxBytes';
    }
    return answer;
  }

  async #submit(exchange: StatementExchange): Promise<Exchanged> {
    this.#exchange = exchange;
    this.#failed = true;
    this.#client.query(exchange);
    const answer = await exchange.done;
    this.#failed = false;
    return answer;
  }

  #preparedFor(text: string): Prepared {
    const known = this.#prepared.get(text);
    const prepared: Prepared = known ?? {
      name: `chatelaine_${++this.#names}`,
      parsed: false,
      shape: undefined,
      parameterTypes: undefined,
      small: false,
    };
    // Set anew, so that the map's order is the order of use.
    if (known) this.#prepared.delete(text);
    this.#prepared.set(text, prepared);
    if (this.#prepared.size > MOST_PREPARED) {
      const [oldest] = this.#prepared;
      if (oldest) this.#forget(...oldest);
    }
    return prepared;
  }

  #forget(text: string, prepared: Prepared): void {
    this.#prepared.delete(text);
    this.#stale.push(prepared.name);
  }

  /** The server has none of our statements any more. */
  #forgetAll(): void {
    this.#prepared.clear();
    this.#stale = [];
    this.#transactionPrepared = false;
  }

  /** An array is written differently for `jsonb` than for `text[]`, so the server is asked which it is. */
  async #parameterTypes(text: string, prepared: Prepared | undefined): Promise<readonly number[]> {
    if (prepared?.parameterTypes) return prepared.parameterTypes;
    const name = prepared?.name ?? '';
    const exchange = new ParameterTypesExchange({ name, text, parse: prepared?.parsed !== true });
    if (prepared?.parsed !== true) this.#dialer.counts.parses++;
    this.#failed = true;
    this.#client.query(exchange);
    const types = await exchange.done;
    this.#failed = false;
    if (prepared) {
      prepared.parsed = true;
      prepared.parameterTypes = types;
    }
    return types;
  }

  #watch(bytes: number): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    exchange.bytesSinceMessage += bytes;
    if (exchange.bytesSinceMessage > exchange.messageLimit) exchange.oversized();
  }
}
