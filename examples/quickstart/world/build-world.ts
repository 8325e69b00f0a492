import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { insertCities } from './cities.ts';
import { insertCountries } from './countries.ts';
import { worldRecipe } from './recipe.ts';
import { INDEXES, SUMMARIES, TABLES } from './schema.ts';

/**
 * Whether the database at `file` exists whole and was made by today's recipe. A file that SQLite cannot
 * read counts as none: it is replaced.
 */
export function isCurrentWorld(file: string): boolean {
  try {
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      return db.prepare("SELECT value FROM about WHERE key = 'recipe'").get()?.['value'] === worldRecipe();
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}

/**
 * Builds the world database beside `file` and renames it into place when all of it is on disk, so that
 * a reader meets the old database or the new one and a build that is killed leaves neither half.
 *
 * Two starts on one data directory take turns: the lock is SQLite's own on an empty file, which the
 * operating system releases when its holder dies. The second finds the work done.
 */
export async function buildWorld(file: string, progress: (line: string) => void): Promise<void> {
  const lock = new DatabaseSync(`${file}.lock`);
  try {
    lock.exec('PRAGMA busy_timeout = 120000; BEGIN EXCLUSIVE');
    if (isCurrentWorld(file)) return;
    progress('building the world database; this happens once');
    const partial = `${file}.partial`;
    rmSync(partial, { force: true });
    await fill(partial, progress);
    flush(partial);
    renameSync(partial, file);
  } finally {
    lock.close();
  }
}

async function fill(file: string, progress: (line: string) => void): Promise<void> {
  const db = new DatabaseSync(file);
  try {
    // No journal and no waiting for the disk: an interrupted build is thrown away, and `flush` waits once.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE');
    db.exec('BEGIN');
    db.exec(TABLES);
    const countries = await insertCountries(db);
    progress(`${countries} countries`);
    const cities = await insertCities(db, (done, total) =>
      progress(`cities: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`),
    );
    progress(`cities: ${cities.toLocaleString('en')}; now the indexes`);
    db.exec(INDEXES);
    db.exec(SUMMARIES);
    db.prepare("INSERT INTO about VALUES ('recipe', ?)").run(worldRecipe());
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

function flush(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
