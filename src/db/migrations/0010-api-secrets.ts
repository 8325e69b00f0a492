import type { Migration } from '../migrate.ts';

/** What the API keeps secret for every process on the database, sealed by the vault: the key of cursors. */
export const apiSecretsMigration: Migration = {
  id: '0010-api-secrets',
  statements: [
    `create table api_secrets (
      name text not null primary key,
      value text not null,
      key_id text not null references data_keys (id)
    )`,
    `create index api_secrets_by_key on api_secrets (key_id)`,
  ],
};
