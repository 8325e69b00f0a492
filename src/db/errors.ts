import { defineErrors } from '#kernel';

/** What can be wrong with the place where Chatelaine keeps its own state. */
export const databaseError = defineErrors('db', {
  DATABASE_MISSING: {
    status: 404,
    title: 'there is no database in the data directory',
    remedy: 'Check `--data-dir`. `chatelaine serve` and `chatelaine key create` make one where there is none.',
  },
  DATABASE_BUSY: {
    status: 503,
    title: 'another process kept the database locked for too long',
    remedy: 'Try again. When it stays so, look for a process that is stuck on the same data directory.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'the database cannot be read or written',
    remedy: 'The message says what the system refused: check free space, permissions and the disk.',
  },
  DATABASE_DAMAGED: {
    status: 500,
    title: 'the database file is damaged, or is not a database',
    remedy: 'Stop every process on this data directory, keep a copy of it, and restore a backup.',
  },
  DATABASE_NEWER: {
    status: 500,
    title: 'the database was written by a newer version of Chatelaine',
    remedy: 'Run the newer version again. Databases only go forward.',
  },
  MIGRATION_CHANGED: {
    status: 500,
    title: 'a migration that this database has had is not the one this version holds',
    remedy: 'Run an unmodified release: an applied migration never changes, a correction is a new migration.',
  },
  DATA_DIRECTORY_UNSAFE: {
    status: 500,
    title: 'other users of the machine could read or replace what is in the data directory',
    remedy: 'Give the directory to the user who runs Chatelaine, mode 0700, its files 0600.',
  },
});
