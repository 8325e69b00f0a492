import type { Migration } from '../migrate.ts';

/** Agents and their API keys. */
export const identityMigration: Migration = {
  id: '0001-identity',
  statements: [
    `create table agents (
      id text not null primary key,
      namespace text not null,
      name text not null,
      type text not null check (type in ('user', 'service', 'bot')),
      responsible_user text,
      description text not null,
      roles text not null,
      disabled_at bigint,
      created_at bigint not null,
      unique (namespace, name)
    )`,
    `create table api_keys (
      id text not null primary key,
      agent_id text not null references agents (id),
      namespace text not null,
      secret_hash text not null check (length(secret_hash) = 64),
      scopes text not null,
      label text not null,
      created_at bigint not null,
      expires_at bigint,
      revoked_at bigint,
      last_used_at bigint
    )`,
    `create index api_keys_by_agent on api_keys (agent_id)`,
  ],
};
