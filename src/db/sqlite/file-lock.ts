import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareStateFile } from '../data-directory.ts';
import { databaseError } from '../errors.ts';
import { isBusy, translateFailure } from './failure.ts';

const USUAL_WAIT_MS = 5000;
const PAUSE_MS = 5;

/**
 * Runs `work` while no other process, and nobody else in this one, runs it under the same file. A lock of
 * the operating system, taken by SQLite on an empty file: it ends with the process, however that ends.
 *
 * Throws `DATABASE_BUSY` when others had it for so long, five seconds unless said, and the errors of `prepareStateFile`.
 */
export async function withFileLock<Value>(
  file: string,
  work: () => Promise<Value>,
  waitMs: number = USUAL_WAIT_MS,
): Promise<Value> {
  prepareStateFile(file);
  const database = await taken(file, waitMs);
  try {
    return await work();
  } finally {
    database.close();
  }
}

async function taken(file: string, waitMs: number): Promise<DatabaseSync> {
  for (let waited = 0; ; waited += PAUSE_MS) {
    const database = new DatabaseSync(file, { timeout: 0 });
    try {
      database.exec('begin exclusive');
      return database;
    } catch (error) {
      database.close();
      if (!isBusy(error)) throw translateFailure(error);
      if (waited >= waitMs) throw databaseError('DATABASE_BUSY', `others hold \`${file}\``, { cause: error });
    }
    await sleep(PAUSE_MS);
  }
}
