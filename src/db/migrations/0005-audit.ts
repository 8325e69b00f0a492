import type { Migration } from '../migrate.ts';

/**
 * The audit log of installations on PostgreSQL; on SQLite it lies in files, and these tables stay
 * empty. Rows are written once: the role that serves may insert and read, and nothing else
 * (`rights.ts`). The columns beside `canonical` repeat what it says, for questions alone. How far each
 * receiver of an export has got changes all the time and proves nothing, so it is no `audit_` table.
 */
export const auditMigration: Migration = {
  id: '0005-audit',
  statements: [
    `create table audit_installation (
      one bigint not null primary key check (one = 1),
      id text not null
    )`,
    `create table audit_writers (
      id text not null primary key,
      created_at bigint not null
    )`,
    `create table audit_records (
      writer text not null references audit_writers (id),
      seq bigint not null,
      hash text not null,
      canonical text not null,
      id text not null,
      time text not null,
      actor text not null,
      issuer text not null,
      class text not null,
      type text not null,
      action text not null,
      object_kind text,
      namespace text,
      object text,
      object_id text,
      outcome text not null,
      request_id text,
      arguments_digest text,
      primary key (writer, seq)
    )`,
    `create index audit_records_time on audit_records (time, writer, seq)`,
    `create index audit_records_actor on audit_records (actor, time)`,
    `create index audit_records_object on audit_records (object, time)`,
    `create index audit_records_object_id on audit_records (object_id, time) where object_id is not null`,
    `create index audit_records_request on audit_records (request_id) where request_id is not null`,
    `create index audit_records_trouble on audit_records (outcome, time) where outcome <> 'success'`,
    `create table audit_subjects (
      subject text not null,
      writer text not null,
      seq bigint not null,
      primary key (subject, writer, seq)
    )`,
    `create table audit_checkpoints (
      place bigint not null primary key,
      line text not null
    )`,
    `create table delivery_cursors (
      receiver text not null primary key,
      state text not null
    )`,
  ],
};
