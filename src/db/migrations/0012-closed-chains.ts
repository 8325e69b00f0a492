import type { Migration } from '../migrate.ts';

/** Chains of the audit log that nobody continues: they came out of a backup. Written once, as all of the log. */
export const closedChainsMigration: Migration = {
  id: '0012-closed-chains',
  statements: [
    `create table audit_closed_chains (
      writer text not null primary key references audit_writers (id),
      closed_at bigint not null
    )`,
  ],
};
