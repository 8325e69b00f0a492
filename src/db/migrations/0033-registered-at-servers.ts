import type { Migration } from '../migrate.ts';

/**
 * What we are registered as at authorization servers of MCP servers (RFC 7591): one client for each server and issuer,
 * whichever process came first. Whose turn it is to register stands in the row before the client does.
 */
export const registeredAtServersMigration: Migration = {
  id: '0033-registered-at-servers',
  statements: [
    `create table upstream_clients (
      id text not null primary key,
      upstream text not null,
      issuer text not null,
      registration text,
      key_id text,
      registrar text,
      registering_until bigint,
      created_at bigint not null,
      unique (upstream, issuer)
    )`,
    `create index upstream_clients_by_key on upstream_clients (key_id)`,
  ],
};
