import type { Role } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { ApiKey } from '../keys/api-key.ts';
import { toRoles } from './agents-store.ts';

/** A key with what only its verifier may see. */
export interface StoredKey {
  readonly key: ApiKey;
  /** SHA-256 of the secret, 64 hex digits. */
  readonly secretHash: string;
  readonly agentRoles: readonly Role[];
}

/** The key of that id, whatever its state, in one statement. */
export async function findKey(db: DatabaseOrTransaction, id: string): Promise<StoredKey | undefined> {
  const row = await keysWithAgents(db).where('api_keys.id', '=', id).executeTakeFirst();
  return row && { key: toApiKey(row), secretHash: row.secret_hash, agentRoles: toRoles(row.agent_roles) };
}

/** All keys, or those of one namespace, oldest first. */
export async function listKeys(db: DatabaseOrTransaction, namespace?: string): Promise<readonly ApiKey[]> {
  const rows = await keysWithAgents(db)
    .$if(namespace !== undefined, (query) => query.where('api_keys.namespace', '=', namespace as string))
    .orderBy('api_keys.id')
    .execute();
  return rows.map(toApiKey);
}

/** Adds a key under the digest of its secret. */
export async function insertKey(
  db: DatabaseOrTransaction,
  key: Omit<ApiKey, 'agent' | 'agentDisabledAt'>,
  secretHash: string,
): Promise<void> {
  await db
    .insertInto('api_keys')
    .values({
      id: key.id,
      agent_id: key.agentId,
      namespace: key.namespace,
      secret_hash: secretHash,
      scopes: key.scopes.join(' '),
      label: key.label,
      created_at: key.createdAt,
      expires_at: key.expiresAt,
      revoked_at: key.revokedAt,
      last_used_at: key.lastUsedAt,
      access: 'read execute',
    })
    .execute();
}

/** Revokes the key for good. A second revocation changes nothing: the first moment stands. */
export async function revokeKey(db: DatabaseOrTransaction, id: string, now: number): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute();
}

/** Notes a use; an older moment than the one that stands there changes nothing. */
export async function setKeyLastUsed(db: DatabaseOrTransaction, id: string, usedAt: number): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: usedAt })
    .where('id', '=', id)
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', usedAt)]))
    .execute();
}

function keysWithAgents(db: DatabaseOrTransaction) {
  return db
    .selectFrom('api_keys')
    .innerJoin('agents', 'agents.id', 'api_keys.agent_id')
    .selectAll('api_keys')
    .select(['agents.name as agent_name', 'agents.roles as agent_roles', 'agents.disabled_at as agent_disabled_at']);
}

type KeyRow = Awaited<ReturnType<ReturnType<typeof keysWithAgents>['executeTakeFirstOrThrow']>>;

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    agentId: row.agent_id,
    agent: row.agent_name,
    namespace: row.namespace,
    scopes: row.scopes === '' ? [] : row.scopes.split(' '),
    label: row.label,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    agentDisabledAt: row.agent_disabled_at,
  };
}
