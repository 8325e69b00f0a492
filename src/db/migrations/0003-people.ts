import type { Migration } from '../migrate.ts';

/**
 * Users, groups and who is in them, roles and who holds them, namespaces that are shut, and what agents
 * and keys say of themselves beyond their first form.
 *
 * A group from an identity provider has no row: its name stands with the user whom a sign-in brought it
 * for (`user_claim_groups`), and in bindings (`subject_issuer` and `subject_id`).
 */
export const peopleMigration: Migration = {
  id: '0003-people',
  statements: [
    `create table users (
      id text not null primary key,
      name text not null,
      name_key text not null unique,
      issuer text not null,
      subject text not null,
      profile text,
      key_id text references data_keys (id),
      disabled_at bigint,
      erased_at bigint,
      created_at bigint not null,
      changed_at bigint not null,
      unique (issuer, subject),
      check ((profile is null) = (key_id is null)),
      check (erased_at is null or (profile is null and disabled_at is not null))
    )`,
    `create index users_by_key on users (key_id, id)`,
    `create table user_claim_groups (
      user_id text not null references users (id),
      issuer text not null,
      name text not null,
      primary key (user_id, issuer, name)
    )`,
    `create table user_groups (
      id text not null primary key,
      namespace text not null,
      name text not null,
      description text not null,
      created_at bigint not null,
      unique (namespace, name)
    )`,
    `create table group_members (
      group_id text not null references user_groups (id),
      member_kind text not null check (member_kind in ('user', 'agent')),
      member_id text not null,
      created_at bigint not null,
      primary key (group_id, member_kind, member_id)
    )`,
    `create index group_members_by_member on group_members (member_kind, member_id)`,
    `create table role_bindings (
      id text not null primary key,
      role text not null check (role in ('admin', 'tool_publisher', 'policy_admin', 'user', 'auditor')),
      namespace text not null,
      subject_kind text not null check (subject_kind in ('user', 'agent', 'group', 'claim-group')),
      subject_issuer text not null,
      subject_id text not null,
      created_at bigint not null,
      unique (role, namespace, subject_kind, subject_issuer, subject_id),
      check ((subject_kind = 'claim-group') = (subject_issuer <> ''))
    )`,
    `create index role_bindings_by_subject on role_bindings (subject_kind, subject_id)`,
    `create table shut_namespaces (
      namespace text not null primary key,
      disabled_at bigint not null
    )`,
    `alter table agents add column spiffe_id text`,
    `alter table agents add column jwks text`,
    `alter table agents add column jwks_uri text`,
    `alter table agents add column deleted_at bigint`,
    `create unique index agents_by_spiffe_id on agents (spiffe_id) where spiffe_id is not null`,
    `create index agents_by_responsible_user on agents (responsible_user)`,
    `alter table api_keys add column access text not null default 'read execute'`,
    `alter table api_keys add column allowed_tools text`,
    `alter table api_keys add column allowed_cidrs text`,
    `alter table api_keys add column replaced_by text`,
  ],
};
