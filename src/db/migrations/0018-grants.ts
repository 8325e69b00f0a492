import type { Migration } from '../migrate.ts';

/**
 * Sign-ins that are under way at identity providers, and the tokens that they gave us for people.
 *
 * Of a grant what a provider said lies in one sealed text: tokens that belong together are replaced together.
 */
export const grantsMigration: Migration = {
  id: '0018-grants',
  statements: [
    `create table upstream_logins (
      state_digest text not null primary key,
      upstream text not null,
      purpose text not null check (purpose in ('sign-in', 'link')),
      browser_digest text not null,
      user_id text,
      owner text,
      return_to text not null,
      sealed text not null,
      created_at bigint not null,
      expires_at bigint not null
    )`,
    `create index upstream_logins_by_end on upstream_logins (expires_at)`,
    `create table grants (
      id text not null primary key,
      user_id text not null references users (id),
      owner text not null,
      upstream text not null,
      status text not null check (status in ('active', 'reauth_required')),
      scopes text not null,
      tokens text not null,
      key_id text not null,
      expires_at bigint,
      version bigint not null,
      refresher text,
      refreshing_until bigint,
      created_at bigint not null,
      changed_at bigint not null,
      unique (user_id, owner, upstream)
    )`,
    `create index grants_by_key on grants (key_id)`,
  ],
};
