import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { reveal, silentLogger, type Clock } from '#kernel';
import { forgetfulLedger } from '#contract';
import { type Database } from '#db';
import { openIdentity, operator, type Identity, type KeyRequest } from '#identity';
import { openAuditLog, type AuditLog } from '#audit';
import { emptyPlace, type TestDialect, type TestPlace, openRunning } from '../../../test/databases.ts';

/** A clock that stands still until it is told. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 10, 21);

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

/** A real audit log, gone with the test. */
export async function testTrail(clock: Clock): Promise<AuditLog> {
  const root = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  const trail = await openAuditLog({ root, clock, logger: silentLogger });
  onTestFinished(async () => {
    await trail.close();
    rmSync(root, { recursive: true, force: true });
  });
  return trail;
}

export interface IdentityProcess {
  readonly clock: HandClock;
  readonly database: Database;
  readonly identity: Identity;
  readonly where: TestPlace;
  /** Makes a key and gives it as text. */
  issue(request?: Partial<KeyRequest>): Promise<string>;
  /** The verdict in one word: the agent's name, or the reason of the refusal. */
  verdict(presented: string): Promise<string>;
  /** Expects a verdict that follows from what another process did, as soon as it must be known here. */
  expectSoon(presented: string, verdict: string): Promise<void>;
  /** How many statements `action` ran. */
  statements(action: () => Promise<unknown>): Promise<number>;
}

export type StartIdentity = (
  beside?: IdentityProcess,
  throughWire?: (database: Database) => Database,
) => Promise<IdentityProcess>;

/** Starts identity on SQLite: for what has nothing to do with the dialect. */
export const startIdentity: StartIdentity = (...args) => startIdentityOn('sqlite', ...args);

/**
 * Identity over a real database, as one process has it. With the place of another it is the second
 * process on the same data: it shares the place and nothing in memory. `throughWire` may slow it down.
 */
export async function startIdentityOn(
  dialect: TestDialect,
  beside?: IdentityProcess,
  throughWire: (database: Database) => Database = (database) => database,
): Promise<IdentityProcess> {
  const where = beside?.where ?? (await emptyPlace(dialect));
  const clock = beside?.clock ?? new HandClock();
  const database = await openRunning(where, clock);
  const trail = await testTrail(clock);
  const identity = openIdentity({
    database: throughWire(database),
    clock,
    log: silentLogger,
    trail,
    ledger: forgetfulLedger,
  });
  const verdict = async (presented: string): Promise<string> => {
    const answer = await identity.keys.verify(presented);
    return answer.ok ? answer.value.name : answer.error.reason;
  };
  return {
    clock,
    database,
    identity,
    where,
    issue: async (request = {}) =>
      reveal((await identity.keys.create(operator(), { agent: 'claude', ...request })).secret),
    verdict,
    expectSoon: async (presented, expected) => {
      const look = async (): Promise<void> => {
        clock.advance(250);
        expect(await verdict(presented)).toBe(expected);
      };
      // On SQLite at the next look; from a server the news need a moment, which is less than a second.
      await (dialect === 'sqlite' ? look() : vi.waitFor(look, { timeout: 900, interval: 20 }));
    },
    statements: async (action) => {
      const before = database.statementCounts().executed;
      await action();
      return database.statementCounts().executed - before;
    },
  };
}

/** Everything that the database keeps, as bytes: its files, or every row of every table. */
export async function everythingStored({ where }: IdentityProcess): Promise<readonly Buffer[]> {
  const { server, directory } = where;
  if (server === undefined) return readdirSync(directory).map((file) => readFileSync(join(directory, file)));
  const tables = await server.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'chatelaine'`,
  );
  const stored: Buffer[] = [];
  for (const { name } of tables) {
    stored.push(Buffer.from(JSON.stringify(await server.query(`select * from chatelaine.${name}`))));
  }
  return stored;
}

/** The id in a key. */
export const idOf = (key: string): string => key.slice(4, 30);
