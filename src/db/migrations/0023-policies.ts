import type { Migration } from '../migrate.ts';

/** What a new installation allows: an ordinary row, so that whoever deletes it is rid of it. */
const DECLARED_TOOLS = `@id("Users call declared tools")
@description("Whoever has the role user in a namespace sees and calls the tools that its files declare.")
permit (
  principal in Role::"user",
  action in [Action::"read", Action::"execute"],
  resource
) when { resource.origin == "declared" };

@id("Administrators call declared tools")
permit (
  principal in Role::"admin",
  action in [Action::"read", Action::"execute"],
  resource
) when { resource.origin == "declared" };
`;

/**
 * Policies: their names, and everything that they ever said. Who had a role could call every declared tool before
 * there were policies; so a state of before gets the first one as well.
 */
export const policiesMigration: Migration = {
  id: '0023-policies',
  statements: [
    `create table policies (
      id text not null primary key,
      namespace text not null,
      name text not null,
      version bigint not null check (version > 0),
      created_at bigint not null,
      unique (namespace, name)
    )`,
    `create index policies_by_version on policies (version)`,
    `create table policy_versions (
      policy_id text not null references policies (id),
      version bigint not null,
      priority bigint not null,
      description text not null,
      cedar text not null,
      shadow bigint not null check (shadow in (0, 1)),
      enabled bigint not null check (enabled in (0, 1)),
      deleted bigint not null check (deleted in (0, 1)),
      reason text not null,
      author text not null,
      at bigint not null,
      primary key (policy_id, version)
    )`,
    `insert into policies (id, namespace, name, version, created_at)
      select 'starter-declared-tools', '*', 'declared-tools', 1, coalesce(max(applied_at), 0) from schema_migrations`,
    `insert into policy_versions
        (policy_id, version, priority, description, cedar, shadow, enabled, deleted, reason, author, at)
      select id, version, 0, 'Users and administrators of a namespace call the tools that its files declare.',
        '${DECLARED_TOOLS}', 0, 1, 0, 'A new installation begins with it.', 'chatelaine', created_at
      from policies`,
  ],
};
