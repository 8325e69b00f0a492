import type { Migration } from '../migrate.ts';

/**
 * The processes that serve one installation now, and where their siblings reach each: what one holds in its
 * memory, such as a session, another forwards requests to.
 */
export const replicasMigration: Migration = {
  id: '0034-replicas',
  statements: [
    `create table replicas (
      id text not null primary key,
      address text,
      proof text not null,
      seen_at bigint not null
    )`,
  ],
};
