import type { Migration } from '../migrate.ts';

/**
 * Campaigns in which people decide about access. The lines are what was held when one was opened: what comes later is
 * another campaign's. Of people they hold ids and no names.
 */
export const accessReviewsMigration: Migration = {
  id: '0031-access-reviews',
  statements: [
    `create table access_reviews (
      id text not null primary key,
      namespace text not null,
      title text not null,
      on_due text not null check (on_due in ('report', 'revoke')),
      due_at bigint not null,
      due_done_at bigint,
      opened_by_kind text not null check (opened_by_kind in ('user', 'agent', 'operator')),
      opened_by text not null,
      opened_at bigint not null,
      closed_by text,
      closed_at bigint
    )`,
    `create index access_reviews_by_due on access_reviews (due_at) where due_done_at is null`,
    `create table access_review_reviewers (
      review_id text not null,
      user_id text not null,
      primary key (review_id, user_id)
    )`,
    `create index access_review_reviewers_of_user on access_review_reviewers (user_id, review_id)`,
    `create table access_review_lines (
      review_id text not null,
      line bigint not null,
      holder_kind text not null check (holder_kind in ('user', 'agent')),
      holder_id text not null,
      holder_name text not null,
      kind text not null,
      namespace text not null,
      target text not null,
      what text not null,
      elsewhere text,
      state text not null check (state in ('undecided', 'kept', 'revoked', 'outstanding', 'gone')),
      reason text,
      decided_by text,
      decided_at bigint,
      primary key (review_id, line)
    )`,
    `create index access_review_lines_by_state on access_review_lines (review_id, state, line)`,
    `create index access_review_lines_of_holder on access_review_lines (holder_id)`,
    `create index access_review_lines_of_decider on access_review_lines (decided_by) where decided_by is not null`,
  ],
};
