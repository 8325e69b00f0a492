/**
 * Places for Chatelaine's own state in tests, one for each dialect: a store test that loops over
 * `dialects` shows that it asks for nothing that only one of them has.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { serverSchema } from '#contract';
import { databasePlace, openDatabase, type Database, type DatabasePlace } from '#db';
import type { Clock } from '#kernel';
import { postgresDatabase, type PostgresAddress, type PostgresDatabase } from './postgres.ts';

export const dialects = ['sqlite', 'postgres'] as const;
export type TestDialect = (typeof dialects)[number];

export interface TestPlace {
  /** `database:` as a configuration has it, to hand to another process. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The data directory; gone with the test. */
  readonly directory: string;
  readonly place: DatabasePlace;
  /** The database from outside, where it is a PostgreSQL. */
  readonly server: PostgresDatabase | undefined;
}

/** A place where there is nothing yet; gone with the test. */
export async function emptyPlace(dialect: TestDialect): Promise<TestPlace> {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  if (dialect === 'sqlite') return testPlace({ type: 'sqlite' }, directory, undefined);
  const server = await postgresDatabase();
  onTestFinished(() => server.drop());
  return testPlace(documentOf(server), directory, server);
}

/** The same place in another process, or with other settings. */
export function testPlace(
  document: Readonly<Record<string, unknown>>,
  directory: string,
  server: PostgresDatabase | undefined,
): TestPlace {
  const { database } = serverSchema.parse({ kind: 'server', database: document });
  return { document, directory, place: databasePlace(database, directory), server };
}

/** The database of a process that has been running for a while: what others change can be seen. Closed with the test. */
export async function openRunning({ place }: Pick<TestPlace, 'place'>, clock: Clock): Promise<Database> {
  const database = await openDatabase({ ...place, clock });
  onTestFinished(() => database.close());
  await vi.waitFor(() => expect(database.changes.version()).not.toBe('unknown'), { timeout: 30_000, interval: 10 });
  return database;
}

/** `database:` for a database of the test server. */
export function documentOf({ host, port, user, password, database }: PostgresAddress & { readonly database: string }) {
  return { type: 'postgres', host, port, user, password, database, poolSize: 5 };
}
