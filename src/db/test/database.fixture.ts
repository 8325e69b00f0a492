import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '#kernel';
import { openDatabase, stateFile, type Database } from '#db';

/** A directory of the test's own, gone with it. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A real database in a file, closed with the test. */
export async function openTestDatabase(directory: string = temporaryDirectory()): Promise<Database> {
  const database = await openDatabase({ file: stateFile(directory), clock: systemClock });
  onTestFinished(() => database.close());
  return database;
}
