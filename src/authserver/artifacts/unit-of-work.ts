import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, DatabaseOrTransaction } from '#db';
import { commitTogether } from './commit-together.ts';

/** One write of a request. It may run more than once, and does nothing but database work. */
export type Write = (trx: DatabaseOrTransaction) => Promise<void>;

/** Somebody used up a code, a refresh token, an assertion or a proof before us: two hold it, and one of them should not. */
export class UsedTwice extends Error {
  readonly model: string;
  readonly grantId: string | undefined;

  constructor(model: string, grantId: string | undefined) {
    super(`a ${model} was used twice`);
    this.model = model;
    this.grantId = grantId;
  }
}

interface Unit {
  readonly writes: Write[];
  readonly committed: (() => void)[];
}

const current = new AsyncLocalStorage<Unit>();

/**
 * The writes of one token request, in one transaction: using up a refresh token and issuing its successor
 * happen together or not at all. Otherwise a database that fails in between leaves a client with a token that
 * is used up and none in its place; its honest next attempt would look like theft (RFC 9700 §4.14.2).
 *
 * `work` runs first and its writes are kept; they are committed when `worth` says so of what it gave. Throws
 * as `work` does, `UsedTwice`, and as the database does.
 */
export async function inOneUnit<Value>(
  database: Database,
  work: () => Promise<Value>,
  worth: (value: Value) => boolean,
): Promise<Value> {
  const unit: Unit = { writes: [], committed: [] };
  const value = await current.run(unit, work);
  if (unit.writes.length > 0 && worth(value)) {
    await commitTogether(database, unit.writes);
    for (const told of unit.committed) told();
  }
  return value;
}

/** Writes now, or with the rest of the request where there is one; `committed` is told when it has come true. */
export async function write(database: Database, one: Write, committed?: () => void): Promise<void> {
  const unit = current.getStore();
  if (unit === undefined) {
    await database.transaction(one);
    committed?.();
    return;
  }
  unit.writes.push(one);
  if (committed !== undefined) unit.committed.push(committed);
}
