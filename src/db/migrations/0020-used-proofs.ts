import type { Migration } from '../migrate.ts';

/**
 * DPoP proofs that were used at a door, by the SHA-256 of their key and `jti`: one that comes again is refused,
 * in whatever process it comes. A row is written once, by whoever is first, and lies there for some minutes.
 */
export const usedProofsMigration: Migration = {
  id: '0020-used-proofs',
  statements: [
    `create table used_proofs (
      digest text not null primary key,
      expires_at bigint not null
    )`,
    `create index used_proofs_by_expiry on used_proofs (expires_at)`,
  ],
};
