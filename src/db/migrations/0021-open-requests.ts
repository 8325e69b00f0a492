import type { Migration } from '../migrate.ts';

/**
 * What keeps strangers from filling the table of the authorization server: how many requests of a client are
 * open is counted at every new one, and what has ended is found by its kind. And from where clients have proved
 * themselves: digests, since an address is all that is compared.
 */
export const openRequestsMigration: Migration = {
  id: '0021-open-requests',
  statements: [
    `create index oauth_artifacts_by_client on oauth_artifacts (model, client_id, expires_at)`,
    `create index oauth_artifacts_by_model on oauth_artifacts (model, expires_at)`,
    `create table known_client_places (
      digest text not null primary key check (length(digest) = 64),
      seen_at bigint not null
    )`,
    `create index known_client_places_by_use on known_client_places (seen_at)`,
  ],
};
