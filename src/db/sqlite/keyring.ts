import { join } from 'node:path';

/**
 * The keyring of a data directory: the wrapped keys of data subjects, in a file of their own, so that
 * no copy of the state file brings back a key that an erasure has destroyed since.
 */
export const keyringFile = (directory: string): string => join(directory, 'keyring.db');

/** As the migration makes it on PostgreSQL; the tests hold the two against each other. */
export const keyringTable = (
  schema: 'keyring' | 'temp',
): string => `create table if not exists ${schema}.vault_keyring (
  key_id text not null primary key,
  subject text not null,
  wrapped_key text,
  wrapper text not null,
  wrapper_version text not null,
  destroyed_at bigint,
  check ((wrapped_key is null) = (destroyed_at is not null))
);
create index if not exists ${schema}.vault_keyring_by_subject on vault_keyring (subject)`;
