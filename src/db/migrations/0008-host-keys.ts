import type { Migration } from '../migrate.ts';

/**
 * Which keys the hosts of one database have in their files: a host with other ones is refused. Names and
 * fingerprints; no key can be computed from them.
 */
export const hostKeysMigration: Migration = {
  id: '0008-host-keys',
  statements: [
    `create table host_keys (
      name text not null primary key,
      fingerprint text not null,
      recorded_at bigint not null
    )`,
  ],
};
