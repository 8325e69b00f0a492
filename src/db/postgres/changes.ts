import { performance } from 'node:perf_hooks';
import type { Client } from 'pg';
import type { PostgresSettings } from '#contract';
import { sha256Hex } from '#kernel';
import type { ChangeFeed } from '../change-feed.ts';
import { clientConfig, serving, type Driver } from './client-config.ts';
import { sever } from './pool.ts';

/** What was confirmed longer ago is not known. With a reader's own interval it stays below a second. */
const CONFIRMED_MS = 700;
const LOOK_MS = 200;
/** A look that takes longer is given up: another connection may do better. */
const PATIENCE_MS = 600;
const RECONNECT_MS = 250;
/** After so long without a question the connection is given back. */
const IDLE_MS = 60_000;
/** More rows than that are cleared away, once they are older than any reader. */
const ROWS_KEPT = 1000;

/** The channel of a schema; channels belong to the whole database. */
export const changeChannel = (schema: string): string => `changes_${sha256Hex(schema).slice(0, 16)}`;

/**
 * The changes that others commit, from a connection of its own.
 *
 * Five times a second the log of changes is looked at, and at once when a notification says that there
 * is something to see. Notifications alone would not do: they are lost when the connection breaks, and
 * held back by some poolers. What counts as known is what a look confirmed, dated from the moment at
 * which it was asked. A connection that is
 * cut, a server that is silent or a process that was stopped all end the same way: nothing is
 * confirmed any more, and the reader stops trusting what it holds.
 *
 * It looks only while somebody asks, so an idle server is idle.
 */
export class PostgresChanges implements ChangeFeed {
  readonly #pg: Driver;
  readonly #settings: PostgresSettings;
  #version = 0n;
  #mark: string | undefined;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #watching = false;
  #closed = false;
  /** Somebody told of a change that no look has begun after. */
  #told = false;
  #wake: () => void = () => {};

  constructor(pg: Driver, settings: PostgresSettings) {
    this.#pg = pg;
    this.#settings = settings;
  }

  version(): bigint | 'unknown' {
    this.#askedAt = performance.now();
    if (!this.#watching && !this.#closed) void this.#watch();
    return this.#askedAt - this.#confirmedAt <= CONFIRMED_MS ? this.#version : 'unknown';
  }

  close(): void {
    this.#closed = true;
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
    this.#wake();
  }

  /** Connects and looks, again and again, until it is closed or nobody has asked for a minute. */
  async #watch(): Promise<void> {
    this.#watching = true;
    while (this.#isWanted()) {
      try {
        await this.#connectAndLook();
      } catch {
        // Whatever it was, the answer is the same: nothing is confirmed until the next connection is.
        await this.#pause(RECONNECT_MS);
      }
    }
    this.#watching = false;
  }

  async #connectAndLook(): Promise<void> {
    const session = { ...serving(this.#settings, 'chatelaine changes'), statementMs: PATIENCE_MS };
    const client = new this.#pg.Client(clientConfig(this.#pg, this.#settings, session));
    client.on('error', () => undefined);
    client.on('notification', () => {
      this.#told = true;
      this.#wake();
    });
    try {
      await inTime(client, client.connect(), 2 * PATIENCE_MS);
      await inTime(client, client.query(`listen ${changeChannel(this.#settings.schema)}`));
      while (this.#isWanted()) {
        await this.#look(client);
        if (!this.#told) await this.#pause(LOOK_MS);
      }
    } finally {
      sever(client);
    }
  }

  async #look(client: Client): Promise<void> {
    this.#told = false;
    const asked = performance.now();
    const { rows } = await inTime(client, client.query<{ mark: string; rows: number }>(MARK));
    const found = rows[0];
    if (found?.mark !== this.#mark) this.#version++;
    this.#mark = found?.mark;
    if (!this.#closed) this.#confirmedAt = asked;
    if ((found?.rows ?? 0) > ROWS_KEPT) await inTime(client, client.query(CLEAR));
  }

  #isWanted(): boolean {
    return !this.#closed && performance.now() - this.#askedAt < IDLE_MS;
  }

  /** Waits, until somebody tells of a change or it is closed. */
  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}

/**
 * How many rows there are and their sum. The last id would not do: numbers are given before
 * commits, so a lower one may become visible after a higher one. Clearing takes only numbers below all
 * that come, so it cannot hide new ones either: as many rows more would have a larger sum.
 */
const MARK = `select count(*) as rows, count(*) || ':' || coalesce(sum(id), 0) as mark from change_log`;

/** Ten minutes are longer than any transaction of ours may stay open. */
const CLEAR = `delete from change_log where at < now() - interval '10 minutes'`;

/** The answer, or, after `ms`, the end of the connection. */
async function inTime<Value>(client: Client, answer: Promise<Value>, ms: number = PATIENCE_MS): Promise<Value> {
  const timer = setTimeout(() => sever(client), ms);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
