import type { Migration } from '../migrate.ts';

/** Which ledgers of revocations belong to this state: so that another one, or a new one, is not taken for them. */
export const ledgersMigration: Migration = {
  id: '0011-ledgers',
  statements: [
    `create table revocation_ledgers (
      ledger text not null primary key,
      known_since bigint not null
    )`,
  ],
};
