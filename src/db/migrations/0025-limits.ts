import type { Migration } from '../migrate.ts';

/**
 * How much callers may do, as the API has it, and how much they did: a row for each count of a window, which is
 * cleared away some time after its end.
 */
export const limitsMigration: Migration = {
  id: '0025-limits',
  statements: [
    `create table limits (
      id text not null primary key,
      namespace text not null,
      name text not null,
      definition text not null,
      created_at bigint not null,
      changed_at bigint not null,
      unique (namespace, name)
    )`,
    `create table limit_counters (
      key text not null primary key,
      taken bigint not null,
      holders text not null,
      ends_at bigint not null
    )`,
    `create index limit_counters_by_end on limit_counters (ends_at)`,
  ],
};
