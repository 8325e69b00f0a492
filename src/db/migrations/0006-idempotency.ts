import type { Migration } from '../migrate.ts';

/** Answers of the API under the `Idempotency-Key` of the request, for repetitions. */
export const idempotencyMigration: Migration = {
  id: '0006-idempotency',
  statements: [
    `create table idempotency_keys (
      principal text not null,
      idempotency_key text not null,
      request_digest text not null,
      started_at bigint not null,
      status bigint,
      headers text,
      body text,
      primary key (principal, idempotency_key)
    )`,
    `create index idempotency_keys_by_age on idempotency_keys (started_at)`,
  ],
};
