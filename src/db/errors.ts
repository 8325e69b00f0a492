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
    title: 'others kept the database locked for too long',
    remedy: 'Try again. When it stays so, look for a process that is stuck on the same database.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'the database cannot be read or written',
    remedy:
      'The message says what was refused: check free space, permissions and the disk, or that the server runs and can be reached.',
  },
  DATABASE_LOGIN_REFUSED: {
    status: 500,
    title: 'the database server does not let Chatelaine in',
    remedy: 'Check `user`, `password` and `database` under `database:`, and the pg_hba.conf of the server.',
  },
  DATABASE_UNTRUSTED: {
    status: 500,
    title: 'the database server did not prove who it is',
    remedy:
      'Name the authority of its certificate in `database.tls.ca`, and connect by the name that the certificate has.',
  },
  DATABASE_RIGHTS_MISSING: {
    status: 500,
    title: 'a role of the database lacks a right that it needs',
    remedy: 'Grant it; docs/storage.md says which role needs what.',
  },
  DATABASE_RIGHTS_EXCESSIVE: {
    status: 500,
    title: 'the role that serves could change the schema or the audit',
    remedy:
      'Give the tables to the role under `database.migration` alone, and take the named rights from `database.user`.',
  },
  DATABASE_OUTDATED: {
    status: 503,
    title: 'the database lacks what this version needs, and the role that serves may not add it',
    remedy:
      'Run `chatelaine migrate up` with a configuration that has `database.migration`, or give this one that role.',
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
  DATA_DIRECTORY_TAKEN: {
    status: 500,
    title: 'another server serves this data directory',
    remedy:
      'End the other server, or give this one its own `--data-dir`. Several servers share one state through PostgreSQL.',
  },
  DATABASE_NOT_EMPTY: {
    status: 409,
    title: 'the database to restore into has rows already',
    remedy: 'Restore into a new database or schema: nothing is written over what is there.',
  },
  RESTORE_INCOMPLETE: {
    status: 500,
    title: 'a restore into the data directory was cut short',
    remedy: 'Run `chatelaine restore` into it again; it begins anew. Nothing serves or changes half a state.',
  },
  DATA_DIRECTORY_UNSAFE: {
    status: 500,
    title: 'other users of the machine could read or replace what is in the data directory',
    remedy: 'Give the directory to the user who runs Chatelaine, mode 0700, its files 0600.',
  },
});
