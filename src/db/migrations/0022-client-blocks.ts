import type { Migration } from '../migrate.ts';

/**
 * OAuth clients that an administrator has blocked, whatever made them clients: what is declared, registered or
 * described by a document stays as it is. And the way from a client to all that it was issued.
 */
export const clientBlocksMigration: Migration = {
  id: '0022-client-blocks',
  statements: [
    `create table oauth_client_blocks (
      client_id text not null primary key,
      blocked_at bigint not null
    )`,
    `create index oauth_artifacts_of_client on oauth_artifacts (client_id) where client_id is not null`,
    `create index consents_by_client on consents (client_id)`,
  ],
};
