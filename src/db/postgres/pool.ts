import { PostgresDialect, type Dialect, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import { performance } from 'node:perf_hooks';
import type { Client, Pool, PoolClient } from 'pg';
import type { PostgresSettings } from '#contract';
import { clientConfig, type Driver, type Session } from './client-config.ts';
import { breaksConnection, NoAnswer, translateFailure } from './failure.ts';
import { isLate, QUIET_MS, SignsOfLife } from './signs-of-life.ts';

/** A client whose socket can be cut; the driver has it, its types do not say so. */
interface Severable {
  readonly connection: { readonly stream: { destroy(): void } };
}

/** Cuts the connection without a word: for servers that no longer answer any. */
export const sever = (client: object): void => (client as Severable).connection.stream.destroy();

/** Who waits for a connection of the pool, and then for the server to take it, waits no longer than this for both. */
const CONNECTED_MS = 1_800;

/**
 * Connections to the server, for Kysely. Beside what the driver's pool does, a statement that is not
 * answered in time ends its connection, failures come back catalogued, and statements are counted.
 */
export class PostgresPool {
  readonly options = {};
  readonly #pool: Pool;
  readonly #answerMs: number | undefined;
  readonly #life: SignsOfLife;
  executed = 0;

  constructor(pg: Driver, settings: PostgresSettings, session: Session, size: number) {
    this.#life = new SignsOfLife((withinMs) => answers(pg, settings, session, withinMs));
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
      const client = await this.#connected();
      return new Lease(client, { answerMs: this.#answerMs, life: this.#life, ran: () => this.executed++ });
    } catch (error) {
      throw translateFailure(error);
    }
  }

  async #connected(): Promise<PoolClient> {
    const connecting = this.#pool.connect();
    let late = false;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(new NoAnswer(`there was no connection within ${CONNECTED_MS} ms`));
      }, CONNECTED_MS);
    });
    // Nobody waits for it any more.
    connecting.then((client) => late && client.release()).catch(() => undefined);
    try {
      return await Promise.race([connecting, tooLate]);
    } finally {
      clearTimeout(timer);
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

/** Whether a new connection is taken and answered; true as well where it is us who are too busy to hear. */
async function answers(pg: Driver, settings: PostgresSettings, session: Session, withinMs: number): Promise<boolean> {
  const client = new pg.Client(clientConfig(pg, settings, { ...session, name: `${session.name} probe` }));
  client.on('error', () => undefined);
  const due = performance.now() + withinMs;
  let late = false;
  const timer = setTimeout(() => {
    late = isLate(due);
    sever(client);
  }, withinMs);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return late;
  } finally {
    clearTimeout(timer);
    sever(client);
  }
}

interface Terms {
  /** How long a statement may take; undefined for as long as it likes. */
  readonly answerMs: number | undefined;
  readonly life: SignsOfLife;
  readonly ran: () => void;
}

class Lease implements PostgresPoolClient {
  readonly #client: PoolClient;
  readonly #terms: Terms;
  #broken = false;

  constructor(client: PoolClient, terms: Terms) {
    this.#client = client;
    this.#terms = terms;
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
    const { answerMs, life, ran } = this.#terms;
    ran();
    let silentFor: number | undefined;
    const began = performance.now();
    const giveUp = (): void => {
      silentFor = Math.round(performance.now() - began);
      sever(this.#client);
    };
    const timer = answerMs === undefined ? undefined : setTimeout(giveUp, answerMs);
    let answered = false;
    let wondering: NodeJS.Timeout | undefined;
    const wonderSoon = (): void => {
      const due = performance.now() + QUIET_MS;
      wondering = setTimeout(() => void wonder(due), QUIET_MS);
    };
    const wonder = async (due: number): Promise<void> => {
      const gone = !isLate(due) && !(await life.isThere());
      if (answered) return;
      if (gone) giveUp();
      else wonderSoon();
    };
    if (answerMs !== undefined) wonderSoon();
    try {
      const result = await this.#client.query(sql, [...parameters]);
      life.heard();
      return result as unknown as PostgresQueryResult<Row>;
    } catch (error) {
      const failure =
        silentFor === undefined ? error : new NoAnswer(`it did not answer within ${silentFor} ms`, { cause: error });
      if (silentFor === undefined && !breaksConnection(failure)) life.heard();
      this.#broken ||= breaksConnection(failure);
      throw translateFailure(failure);
    } finally {
      answered = true;
      clearTimeout(timer);
      clearTimeout(wondering);
    }
  }
}
