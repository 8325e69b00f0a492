import type { Migration } from '../migrate.ts';

/**
 * What callers usually do, what was unusual, and what was stopped. A profile holds digests of where somebody came
 * from and no address. `processes` are those that serve; each confirms a containment once nothing of it goes on there.
 */
export const incidentsMigration: Migration = {
  id: '0030-incidents',
  statements: [
    `create table anomaly_profiles (
      principal text not null primary key,
      profile text not null,
      saved_at bigint not null
    )`,
    `create index anomaly_profiles_by_age on anomaly_profiles (saved_at)`,
    `create table alerts (
      id text not null primary key,
      kind text not null,
      namespace text not null,
      principal text not null,
      alert_window bigint not null,
      tool text not null,
      seen text not null,
      usual text not null,
      record_id text,
      raised_at bigint not null,
      acknowledged_at bigint,
      acknowledged_by text,
      note text not null,
      notify_at bigint,
      attempts bigint not null,
      unique (principal, kind, alert_window)
    )`,
    `create index alerts_by_namespace on alerts (namespace, id)`,
    `create index alerts_to_tell on alerts (notify_at) where notify_at is not null`,
    `create table containments (
      id text not null primary key,
      kind text not null,
      namespace text not null,
      target text not null,
      name text not null,
      reason text not null,
      subjects text not null,
      disabled_here bigint not null,
      begun_at bigint not null,
      begun_by text not null,
      acknowledged_at bigint,
      released_at bigint,
      released_by text,
      report text
    )`,
    `create index containments_in_force on containments (kind, target) where released_at is null`,
    `create table containment_confirmations (
      containment_id text not null,
      process_id text not null,
      confirmed_at bigint not null,
      stopped_calls bigint not null,
      primary key (containment_id, process_id)
    )`,
    `create table serving_processes (
      id text not null primary key,
      host text not null,
      pid bigint not null,
      started_at bigint not null,
      seen_at bigint not null
    )`,
  ],
};
