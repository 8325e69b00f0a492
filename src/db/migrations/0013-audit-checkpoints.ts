import type { Migration } from '../migrate.ts';

/**
 * The digest of a checkpoint belongs to its key: with the place alone, a row of junk at the next place,
 * which the role that serves may insert, would keep the next checkpoint out for good. A table of another
 * name, since rights are given by name.
 */
export const auditCheckpointsMigration: Migration = {
  id: '0013-audit-checkpoints',
  statements: [
    `create table audit_checkpoint_lines (
      place bigint not null,
      digest text not null,
      line text not null,
      primary key (place, digest)
    )`,
    `insert into audit_checkpoint_lines (place, digest, line) select place, '', line from audit_checkpoints`,
    `drop table audit_checkpoints`,
  ],
};
