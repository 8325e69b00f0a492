/**
 * The tables of which processes keep copies: their changes are news (`change-feed.ts`). A module that
 * begins to cache rows adds its table here. SQLite tells of every change and needs no list.
 */
export interface WatchedTable {
  readonly table: string;
  /** Columns that nobody keeps a copy of, and that change too often to tell everybody. */
  readonly except?: readonly string[];
  /** Rows come often, and nobody has a copy of one that was not there. */
  readonly growsUntold?: true;
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
  // A copy that looks ended is read again, so that only an earlier end would be news, and there is none but `ended_at`.
  { table: 'token_sessions', except: ['last_used_at', 'expires_at'] },
  { table: 'oauth_client_blocks' },
  { table: 'limits' },
  { table: 'tool_registry' },
  { table: 'containments', except: ['acknowledged_at', 'report'] },
  { table: 'signing_keys', except: ['private_key', 'key_id'] },
  { table: 'policies' },
  { table: 'vended_credentials', growsUntold: true },
];
