import { PostgresDialect, type Dialect, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import type { Client, Pool, PoolClient } from 'pg';
import type { PostgresSettings } from '#contract';
import { clientConfig, type Driver, type Session } from './client-config.ts';
import { breaksConnection, NoAnswer, translateFailure } from './failure.ts';

/** A client whose socket can be cut; the driver has it, its types do not say so. */
interface Severable {
  readonly connection: { readonly stream: { destroy(): void } };
}

/** Cuts the connection without a word: for servers that no longer answer any. */
export const sever = (client: object): void => (client as Severable).connection.stream.destroy();

/**
 * Connections to the server, for Kysely. Beside what the driver's pool does, a statement that is not
 * answered in time ends its connection, failures come back catalogued, and statements are counted.
 */
export class PostgresPool {
  readonly options = {};
  readonly #pool: Pool;
  readonly #answerMs: number | undefined;
  executed = 0;

  constructor(pg: Driver, settings: PostgresSettings, session: Session, size: number) {
    const config = { ...clientConfig(pg, settings, session), max: size, idleTimeoutMillis: 60_000 };
    this.#pool = new pg.Pool({ ...config, Client: tidyClient(pg) });
    // A connection that broke while nobody used it is replaced when somebody needs one.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    // The server ends the statement first; this is for a server that is not there any more.
    this.#answerMs = session.statementMs === undefined ? undefined : session.statementMs + 500;
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new Lease(await this.#pool.connect(), this.#answerMs, () => this.executed++);
    } catch (error) {
      throw translateFailure(error);
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  dialect(): Dialect {
    return new PostgresDialect({ pool: this });
  }
}

/** The driver's client, which leaves its socket open where it gives up before the server does. */
function tidyClient(pg: Driver): typeof pg.Client {
  return class extends pg.Client {
    override connect(): Promise<Client>;
    override connect(done: (error: Error) => void): void;
    override connect(finished?: (error: Error) => void): Promise<Client> | undefined {
      // The pool's way of asking is the only one that is used.
      super.connect((error?: Error) => {
        if (error !== undefined && error !== null) sever(this);
        finished?.(error as Error);
      });
      return undefined;
    }
  };
}

class Lease implements PostgresPoolClient {
  readonly #client: PoolClient;
  readonly #answerMs: number | undefined;
  readonly #ran: () => void;
  #broken = false;

  constructor(client: PoolClient, answerMs: number | undefined, ran: () => void) {
    this.#client = client;
    this.#answerMs = answerMs;
    this.#ran = ran;
  }

  query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  query(cursor: unknown): never;
  query<Row>(sql: unknown, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<Row>> {
    return this.#run(sql as string, parameters);
  }

  release(destroy?: boolean): void {
    this.#client.release(this.#broken || destroy === true);
  }

  async #run<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>> {
    this.#ran();
    let silent = false;
    const timer =
      this.#answerMs === undefined
        ? undefined
        : setTimeout(() => {
            silent = true;
            sever(this.#client);
          }, this.#answerMs);
    try {
      return (await this.#client.query(sql, [...parameters])) as unknown as PostgresQueryResult<Row>;
    } catch (error) {
      const failure = silent ? new NoAnswer(`it did not answer within ${this.#answerMs} ms`, { cause: error }) : error;
      this.#broken ||= breaksConnection(failure);
      throw translateFailure(failure);
    } finally {
      clearTimeout(timer);
    }
  }
}
