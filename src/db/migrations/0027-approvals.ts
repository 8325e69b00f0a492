import type { Migration } from '../migrate.ts';

/** Who may approve in a new installation: an ordinary row, so that whoever deletes it is rid of it. */
const APPROVERS = `@id("Users approve")
@description("Whoever has the role user in a namespace may say yes where a policy wants that of anybody; never to a call of their own.")
permit (
  principal in Role::"user",
  action == Action::"approve",
  resource
);

@id("Administrators approve")
permit (
  principal in Role::"admin",
  action == Action::"approve",
  resource
);

@id("Who writes policies approves")
permit (
  principal in Role::"policy_admin",
  action == Action::"approve",
  resource
);
`;

/**
 * Calls that wait for the yes of people. Of one caller, tool and arguments one request is alive at a time: an
 * identical call joins it, and what was granted is used up by one update of its row.
 */
export const approvalsMigration: Migration = {
  id: '0027-approvals',
  statements: [
    `create table approvals (
      id text not null primary key,
      namespace text not null,
      tool text not null,
      shown text not null,
      pin text not null,
      binding text not null,
      arguments_digest text not null,
      caller_kind text not null check (caller_kind in ('user', 'agent', 'anonymous')),
      caller_iss text not null,
      caller_sub text not null,
      caller_client text,
      caller_act text not null,
      responsible text,
      needs text not null,
      sealed text,
      key_id text,
      state text not null check (state in ('pending', 'approved', 'consumed', 'refused', 'expired', 'cancelled')),
      reason text,
      created_at bigint not null,
      expires_at bigint not null,
      closed_at bigint,
      notify_at bigint,
      notify_attempts bigint not null
    )`,
    `create unique index approvals_alive on approvals (binding) where closed_at is null`,
    `create index approvals_by_binding on approvals (binding, created_at)`,
    `create index approvals_by_caller on approvals (caller_iss, caller_sub) where closed_at is null`,
    `create index approvals_by_end on approvals (expires_at) where closed_at is null`,
    `create index approvals_by_closing on approvals (closed_at) where closed_at is not null`,
    `create index approvals_by_key on approvals (key_id) where key_id is not null`,
    `create index approvals_to_notify on approvals (notify_at) where notify_at is not null`,
    `create table approval_decisions (
      approval_id text not null references approvals (id) on delete cascade,
      decider text not null,
      verdict text not null check (verdict in ('approve', 'refuse')),
      fills text not null,
      message_id text,
      decided_at bigint not null,
      primary key (approval_id, decider)
    )`,
    `create unique index approval_decisions_by_message on approval_decisions (decider, message_id)
      where message_id is not null`,
    `insert into policies (id, namespace, name, version, created_at)
      select 'starter-approvals', '*', 'approvals', 1, coalesce(max(applied_at), 0) from schema_migrations`,
    `insert into policy_versions
        (policy_id, version, priority, description, cedar, shadow, enabled, deleted, reason, author, at)
      select id, version, 0, 'Who may say yes where a policy wants that of anybody.',
        '${APPROVERS}', 0, 1, 0, 'A new installation begins with it.', 'chatelaine', created_at
      from policies where id = 'starter-approvals'`,
  ],
};
