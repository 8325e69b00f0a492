import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, DatabaseOrTransaction } from '#db';
import type { Write } from './unit-of-work.ts';

/** The writes of one request, and whom to tell what became of them. */
interface Waiting {
  readonly writes: readonly Write[];
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
}

/** With more than these a single one would hold the others up for too long. */
const MOST_AT_ONCE = 64;
/** Turns of the event loop for which those are waited for that come at the same time. */
const MOST_TURNS = 8;

const queues = new WeakMap<Database, Waiting[]>();

/**
 * Commits the writes of a request; where transactions run one after the other, in one with those of others that came
 * meanwhile: what a commit costs there is the disk's answer, and one answer does for many. Each is committed as a
 * whole or not at all, and nobody is told before it is. A server that works on many at once does better with many
 * (measured: a third more of them).
 *
 * Where one of them fails before the commit, none has happened, and each is committed by itself: what is wrong with one
 * is nothing to the others. A commit that fails is not tried again. It may have happened, and then the second
 * attempt would take the first one's use of a token for theft.
 */
export function commitTogether(database: Database, writes: readonly Write[]): Promise<void> {
  if (!database.oneWriter) return database.transaction((trx) => runAll(trx, writes));
  return new Promise((resolve, reject) => {
    const waiting = queues.get(database) ?? [];
    waiting.push({ writes, committed: resolve, failed: reject });
    if (queues.has(database)) return;
    queues.set(database, waiting);
    void drain(database, waiting);
  });
}

async function runAll(trx: DatabaseOrTransaction, writes: readonly Write[]): Promise<void> {
  for (const one of writes) await one(trx);
}

async function drain(database: Database, waiting: Waiting[]): Promise<void> {
  while (waiting.length > 0) {
    await gathered(waiting);
    const batch = waiting.splice(0, MOST_AT_ONCE);
    if (batch.length > 1 && (await commit(database, batch)) === 'done') continue;
    for (const one of batch) await commit(database, [one]);
  }
  // In the turn that found nobody waiting: who comes after it begins anew.
  queues.delete(database);
}

/** A turn without a newcomer ends the waiting, so that who comes alone hardly waits. */
async function gathered(waiting: readonly unknown[]): Promise<void> {
  for (let turn = 0, before = 0; turn < MOST_TURNS && waiting.length > before; turn++) {
    before = waiting.length;
    await nextTurn();
  }
}

/** `apart` where nothing happened, and one of several may be why. Never rejects. */
async function commit(database: Database, batch: readonly Waiting[]): Promise<'done' | 'apart'> {
  let written = false;
  try {
    await database.transaction(async (trx) => {
      written = false;
      for (const { writes } of batch) await runAll(trx, writes);
      written = true;
    });
  } catch (error) {
    if (!written && batch.length > 1) return 'apart';
    for (const { failed } of batch) failed(error);
    return 'done';
  }
  for (const { committed } of batch) committed();
  return 'done';
}
