import type { Migration } from '../migrate.ts';

/**
 * The wrapped keys of data subjects, apart from all else: backups leave this table out, so that none of
 * them brings back a key that an erasure destroyed later. On SQLite it lies in a file of its own.
 */
export const keyringMigration: Migration = {
  id: '0007-keyring',
  statements: [
    `create table vault_keyring (
      key_id text not null primary key,
      subject text not null,
      wrapped_key text,
      wrapper text not null,
      wrapper_version text not null,
      destroyed_at bigint,
      check ((wrapped_key is null) = (destroyed_at is not null))
    )`,
    `create index vault_keyring_by_subject on vault_keyring (subject)`,
  ],
};
