/**
 * The tables of which processes keep copies: their changes are news (`change-feed.ts`). A module that
 * begins to cache rows adds its table here. SQLite tells of every change and needs no list.
 */
export interface WatchedTable {
  readonly table: string;
  /** Columns that nobody keeps a copy of, and that change too often to tell everybody. */
  readonly except?: readonly string[];
}

export const watchedTables: readonly WatchedTable[] = [
  { table: 'agents' },
  { table: 'api_keys', except: ['last_used_at'] },
  { table: 'users', except: ['profile', 'key_id', 'changed_at'] },
  { table: 'user_claim_groups' },
  { table: 'user_groups' },
  { table: 'group_members' },
  { table: 'role_bindings' },
  { table: 'shut_namespaces' },
  { table: 'sessions', except: ['last_seen_at'] },
  { table: 'token_sessions', except: ['last_used_at'] },
  { table: 'signing_keys', except: ['private_key', 'key_id'] },
];
