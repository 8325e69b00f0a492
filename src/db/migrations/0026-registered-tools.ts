import type { Migration } from '../migrate.ts';

/**
 * Tools that publishers register, with every document they ever had, and the pins of all tools: the digest of the
 * definition that was approved, and of the one that waits. Names of people are in none of them: who did it is an id.
 */
export const registeredToolsMigration: Migration = {
  id: '0026-registered-tools',
  statements: [
    `create table registered_tools (
      id text not null primary key,
      namespace text not null,
      name text not null,
      revision bigint not null check (revision > 0),
      status text not null check (status in ('draft', 'active', 'deprecated', 'quarantined')),
      replaced_by text,
      owner_kind text not null check (owner_kind in ('user', 'agent')),
      owner_iss text not null,
      owner_sub text not null,
      generation bigint not null,
      created_at bigint not null,
      changed_at bigint not null,
      unique (namespace, name)
    )`,
    `create table registered_tool_revisions (
      tool_id text not null references registered_tools (id),
      revision bigint not null check (revision > 0),
      version text,
      document text not null,
      author_kind text not null check (author_kind in ('user', 'agent')),
      author_iss text not null,
      author_sub text not null,
      reason text not null,
      restored_from bigint,
      created_at bigint not null,
      primary key (tool_id, revision)
    )`,
    `create table tool_pins (
      namespace text not null,
      name text not null,
      state text not null check (state in ('approved', 'quarantined')),
      why text not null,
      digest text check (length(digest) = 64),
      definition text,
      approved_by text,
      approved_at bigint,
      pending_digest text check (length(pending_digest) = 64),
      pending_definition text,
      pending_author text,
      findings text not null,
      note text not null,
      generation bigint not null,
      changed_at bigint not null,
      primary key (namespace, name)
    )`,
    // One row, whose change tells other processes to read the others again.
    `create table tool_registry (
      id text not null primary key check (id = 'registry'),
      version bigint not null
    )`,
    `insert into tool_registry (id, version) values ('registry', 1)`,
  ],
};
