import type { Migration } from '../migrate.ts';

/**
 * The keys that tokens are signed with. A row stays when its key is gone, so that none is taken up again;
 * of its private part nothing is left then. Two that sign, or two that wait, cannot be written.
 */
export const signingKeysMigration: Migration = {
  id: '0015-signing-keys',
  statements: [
    `create table signing_keys (
      kid text not null primary key,
      algorithm text not null,
      state text not null check (state in ('prepared', 'active', 'retired', 'gone')),
      signs bigint not null check (signs in (0, 1)),
      public_jwk text not null,
      private_key text,
      key_id text references data_keys (id),
      prepared_at bigint not null,
      activated_at bigint,
      stopped_at bigint,
      retired_at bigint,
      gone_at bigint,
      check ((private_key is null) = (key_id is null)),
      check (signs = 0 or (state = 'active' and private_key is not null)),
      check (state in ('prepared', 'active') or private_key is null)
    )`,
    `create unique index signing_keys_one_signs on signing_keys (signs) where signs = 1`,
    `create unique index signing_keys_one_prepared on signing_keys (state) where state = 'prepared'`,
    `create index signing_keys_by_key on signing_keys (key_id)`,
  ],
};
