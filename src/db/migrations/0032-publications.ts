import type { Migration } from '../migrate.ts';

const PUBLISHERS = `@id("Publishers publish")
@description("Whoever has the role tool_publisher in a namespace brings definitions of its tools into use: their own, and those that wait.")
permit (
  principal in Role::"tool_publisher",
  action == Action::"publish",
  resource
);

@id("Administrators publish")
permit (
  principal in Role::"admin",
  action == Action::"publish",
  resource
);

@id("Who writes policies publishes")
permit (
  principal in Role::"policy_admin",
  action == Action::"publish",
  resource
);
`;

/** Policies decide who brings a definition of a tool into use, and whose yes that takes besides. */
export const publicationsMigration: Migration = {
  id: '0032-publications',
  statements: [
    `alter table tool_pins add column pending_terms text`,
    // Which receivers of an alert know of it, where there are several.
    `alter table alerts add column told text not null default ''`,
    `insert into policies (id, namespace, name, version, created_at)
      select 'starter-publications', '*', 'publications', 1, coalesce(max(applied_at), 0) from schema_migrations
      where not exists (select 1 from policies where namespace = '*' and name = 'publications')`,
    `insert into policy_versions
        (policy_id, version, priority, description, cedar, shadow, enabled, deleted, reason, author, at)
      select id, version, 0, 'Who brings definitions of tools into use.',
        '${PUBLISHERS}', 0, 1, 0, 'What roles allowed before policies were asked.', 'chatelaine', created_at
      from policies where id = 'starter-publications'`,
  ],
};
