import type { Migration } from '../migrate.ts';

/**
 * OAuth clients that registered themselves (RFC 7591). Of a client's secret and of its registration access
 * token there are digests alone. Those of the configuration and of metadata documents are in no table.
 */
export const clientsMigration: Migration = {
  id: '0016-clients',
  statements: [
    `create table oauth_clients (
      client_id text not null primary key,
      metadata text not null,
      secret_hash text check (length(secret_hash) = 64),
      registration_token_hash text check (length(registration_token_hash) = 64),
      created_at bigint not null,
      changed_at bigint not null,
      last_used_at bigint
    )`,
    `create index oauth_clients_by_use on oauth_clients (last_used_at, created_at)`,
  ],
};
