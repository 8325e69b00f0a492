import type { Migration } from '../migrate.ts';

/**
 * Credentials that were vended for one tool (the tokens themselves are with their holders; here lie their
 * digests), wishes for access with what became of them, and invitations to become a user.
 */
export const credentialsMigration: Migration = {
  id: '0028-credentials',
  statements: [
    `create table vended_credentials (
      id text not null primary key,
      digest text not null unique check (length(digest) = 64),
      namespace text not null,
      tool text not null,
      holder_kind text not null check (holder_kind in ('user', 'agent')),
      holder_id text not null,
      holder_name text not null,
      scopes text not null,
      cnf text,
      parent text,
      through_kind text not null,
      through_id text not null,
      policies text not null,
      policy_version text not null,
      issued_at bigint not null,
      expires_at bigint not null,
      revoked_at bigint
    )`,
    `create index vended_credentials_of_holder on vended_credentials (holder_id, id)`,
    `create index vended_credentials_of_tool on vended_credentials (namespace, tool, id)`,
    `create index vended_credentials_of_parent on vended_credentials (parent) where parent is not null`,
    `create index vended_credentials_by_expiry on vended_credentials (expires_at)`,
    `create table access_requests (
      id text not null primary key,
      namespace text not null,
      tool text not null,
      subject_kind text not null check (subject_kind in ('user', 'agent')),
      subject_id text not null,
      subject_name text not null,
      requested_by text not null,
      policy text,
      justification text not null,
      state text not null check (state in ('pending', 'approved', 'rejected', 'cancelled')),
      reviewed_by text,
      notes text,
      created_policy text,
      access_ends_at bigint,
      created_at bigint not null,
      decided_at bigint
    )`,
    `create unique index access_requests_pending on access_requests (namespace, tool, subject_id) where state = 'pending'`,
    `create index access_requests_of_requester on access_requests (requested_by, id)`,
    `create index access_requests_of_subject on access_requests (subject_id, id)`,
    `create table invitations (
      digest text not null primary key check (length(digest) = 64),
      id text not null unique,
      invited_by text not null,
      created_at bigint not null,
      expires_at bigint not null
    )`,
  ],
};
