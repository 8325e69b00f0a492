import type { Migration } from '../migrate.ts';

/**
 * How often tools were called, by whom and how that went: sums of a day, no calls. `calls_1` to `calls_inf` count
 * calls by how long they took, in milliseconds at most.
 */
export const toolUsageMigration: Migration = {
  id: '0029-tool-usage',
  statements: [
    `create table tool_usage (
      day bigint not null,
      namespace text not null,
      tool text not null,
      principal text not null,
      succeeded bigint not null,
      failed bigint not null,
      denied bigint not null,
      duration_ms bigint not null,
      calls_1 bigint not null,
      calls_3 bigint not null,
      calls_10 bigint not null,
      calls_30 bigint not null,
      calls_100 bigint not null,
      calls_300 bigint not null,
      calls_1000 bigint not null,
      calls_3000 bigint not null,
      calls_10000 bigint not null,
      calls_inf bigint not null,
      last_at bigint not null,
      primary key (day, namespace, tool, principal)
    )`,
    `create index tool_usage_by_tool on tool_usage (namespace, tool, day)`,
    `create index tool_usage_by_principal on tool_usage (principal, day)`,
  ],
};
