import type { Migration } from '../migrate.ts';

/**
 * What the authorization server keeps: its artifacts (codes, tokens, interactions, sessions of its own), the
 * token sessions that they belong to, and what people have consented to.
 *
 * An artifact is found by the SHA-256 of what its holder presents, and its content is encrypted under that
 * row's own key: whoever reads the table has nothing to present. What can be used once is used by setting
 * `consumed_at`, which only one statement can do.
 */
export const authorizationServerMigration: Migration = {
  id: '0017-authorization-server',
  statements: [
    `create table oauth_artifacts (
      model text not null,
      digest text not null,
      content text not null,
      grant_id text,
      user_id text,
      client_id text,
      uid_digest text,
      user_code_digest text,
      consumed_at bigint,
      expires_at bigint not null,
      primary key (model, digest)
    )`,
    `create index oauth_artifacts_by_grant on oauth_artifacts (grant_id) where grant_id is not null`,
    `create index oauth_artifacts_by_user on oauth_artifacts (user_id) where user_id is not null`,
    `create unique index oauth_artifacts_by_uid on oauth_artifacts (model, uid_digest) where uid_digest is not null`,
    `create unique index oauth_artifacts_by_user_code on oauth_artifacts (model, user_code_digest)
      where user_code_digest is not null`,
    `create index oauth_artifacts_by_expiry on oauth_artifacts (expires_at)`,
    `create table token_sessions (
      id text not null primary key,
      user_id text not null references users (id),
      client_id text not null,
      client_name text not null,
      owner text not null,
      resource text not null,
      scopes text not null,
      created_at bigint not null,
      last_used_at bigint not null,
      expires_at bigint not null,
      ended_at bigint,
      ended_because text
    )`,
    `create index token_sessions_by_user on token_sessions (user_id, created_at)`,
    `create index token_sessions_by_client on token_sessions (client_id)`,
    `create index token_sessions_by_owner on token_sessions (owner)`,
    `create index token_sessions_by_expiry on token_sessions (expires_at)`,
    `create table consents (
      user_id text not null references users (id),
      client_id text not null,
      resource text not null,
      client_digest text not null,
      scopes text not null,
      given_at bigint not null,
      primary key (user_id, client_id, resource)
    )`,
  ],
};
