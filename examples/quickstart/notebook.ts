import { DatabaseSync } from 'node:sqlite';

/** Raised with the tables; a notebook of a later version is left alone. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE favourites (
    list TEXT NOT NULL COLLATE NOCASE,
    city_id INTEGER NOT NULL,          -- GeoNames id, as in the world database
    name TEXT NOT NULL,
    country_code TEXT NOT NULL,
    note TEXT NOT NULL CHECK (length(note) <= 10000),
    saved_at TEXT NOT NULL,
    PRIMARY KEY (list, city_id)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

/**
 * Makes sure that `file` is a notebook: the favourites that agents save, kept across restarts and
 * rebuilds of the world. Throws when a later version wrote it.
 */
export function ensureNotebook(file: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > VERSION) {
      throw new Error(
        `the notebook \`${file}\` is of version ${version}, newer than ${VERSION}; move it away to start anew`,
      );
    }
    if (version < VERSION) db.exec(TABLES);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
