import type { Migration } from '../migrate.ts';

/** Who and what recorded decisions were about: records name them by a digest, and policies can look again. */
export const decisionSubjectsMigration: Migration = {
  id: '0024-decision-subjects',
  statements: [
    `create table decision_subjects (
      key text not null primary key,
      subject text not null,
      seen_at bigint not null
    )`,
    `create index decision_subjects_by_age on decision_subjects (seen_at)`,
  ],
};
