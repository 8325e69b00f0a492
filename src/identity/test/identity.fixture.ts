import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { reveal, silentLogger, type Clock } from '#kernel';
import { openDatabase, stateFile, type Database } from '#db';
import { openIdentity, type Identity, type KeyRequest } from '#identity';

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

export interface IdentityProcess {
  readonly clock: HandClock;
  readonly database: Database;
  readonly identity: Identity;
  readonly directory: string;
  /** Makes a key and gives it as text. */
  issue(request?: Partial<KeyRequest>): Promise<string>;
  /** The verdict in one word: the agent's name, or the reason of the refusal. */
  verdict(presented: string): Promise<string>;
  /** How many statements `action` ran. */
  statements(action: () => Promise<unknown>): Promise<number>;
}

/**
 * Identity over a real file, as one process has it. With the directory of another it is the second
 * process on the same data: it shares the file and nothing in memory. `throughWire` may slow it down.
 */
export async function startIdentity(
  beside?: IdentityProcess,
  throughWire: (database: Database) => Database = (database) => database,
): Promise<IdentityProcess> {
  const directory = beside?.directory ?? mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  const clock = beside?.clock ?? new HandClock();
  if (beside === undefined) onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const database = await openDatabase({ file: stateFile(directory), clock });
  onTestFinished(() => database.close());
  const identity = openIdentity({ database: throughWire(database), clock, log: silentLogger });
  return {
    clock,
    database,
    identity,
    directory,
    issue: async (request = {}) => reveal((await identity.keys.create({ agent: 'claude', ...request })).secret),
    verdict: async (presented) => {
      const verdict = await identity.keys.verify(presented);
      return verdict.ok ? verdict.value.name : verdict.error.reason;
    },
    statements: async (action) => {
      const before = database.statementCounts().executed;
      await action();
      return database.statementCounts().executed - before;
    },
  };
}

/** The id in a key. */
export const idOf = (key: string): string => key.slice(4, 30);
