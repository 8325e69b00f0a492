import type { Migration } from '../migrate.ts';

/**
 * Data keys, secrets and their versions, and the leases of long work on them.
 *
 * `data_keys_one_in_front`: a scope has one key that is not retired. A destroyed key keeps that place,
 * so the database itself refuses a new key for a subject that was erased.
 */
export const vaultMigration: Migration = {
  id: '0002-vault',
  statements: [
    `create table data_keys (
      id text not null primary key,
      scope_kind text not null check (scope_kind in ('namespace', 'subject')),
      scope_id text not null,
      wrapped_key text,
      wrapper text not null,
      wrapper_version text not null,
      messages bigint not null,
      created_at bigint not null,
      retired_at bigint,
      destroyed_at bigint,
      check ((wrapped_key is null) = (destroyed_at is not null))
    )`,
    `create unique index data_keys_one_in_front on data_keys (scope_kind, scope_id) where retired_at is null`,
    `create index data_keys_by_wrapper on data_keys (wrapper, wrapper_version, id)`,
    `create table secrets (
      id text not null primary key,
      namespace text not null,
      name text not null,
      kind text not null check (kind in ('api-key', 'basic', 'bearer', 'oauth-client', 'mtls', 'password')),
      description text not null,
      state text not null check (state in ('active', 'disabled', 'deleted')),
      generation bigint not null,
      key_id text references data_keys (id),
      manifest text,
      created_at bigint not null,
      changed_at bigint not null,
      check ((manifest is null) = (key_id is null)),
      check ((manifest is null) = (state = 'deleted'))
    )`,
    `create unique index secrets_by_name on secrets (namespace, name) where state <> 'deleted'`,
    `create index secrets_by_key on secrets (key_id, id)`,
    `create table secret_versions (
      id text not null primary key,
      secret_id text not null references secrets (id),
      version bigint not null,
      key_id text references data_keys (id),
      value text,
      created_at bigint not null,
      expires_at bigint,
      ends_at bigint,
      shredded_at bigint,
      unique (secret_id, version),
      check ((value is null) = (key_id is null)),
      check ((value is null) = (shredded_at is not null))
    )`,
    `create index secret_versions_by_key on secret_versions (key_id, id)`,
    `create table vault_leases (
      name text not null primary key,
      holder text not null,
      held_until bigint not null
    )`,
  ],
};
