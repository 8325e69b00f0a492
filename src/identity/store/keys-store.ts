import { ACCESS, type Access, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { ApiKey } from '../keys/api-key.ts';
import type { User } from '../users/user.ts';
import { cutOffAt, toRoles } from './agents-store.ts';

/** A key with what only its verifier may see, and what its agent was given beyond its own roles. */
export interface StoredKey {
  readonly key: ApiKey;
  /** SHA-256 of the secret, 64 hex digits. */
  readonly secretHash: string;
  readonly agentRoles: ApiKeyAgent['roles'];
  readonly groups: readonly { readonly namespace: string; readonly name: string }[];
  readonly given: readonly RoleGrant[];
}

type ApiKeyAgent = { readonly roles: ReturnType<typeof toRoles> };

/**
 * The key of that id, whatever its state, in one statement: it is asked for while a caller waits. A row
 * for each group the agent is in and each role that it or the group was given.
 */
export async function findKey(db: DatabaseOrTransaction, id: string): Promise<StoredKey | undefined> {
  const rows = await keysWithAgents(db)
    .leftJoin('group_members', (join) =>
      join.onRef('group_members.member_id', '=', 'agents.id').on('group_members.member_kind', '=', 'agent'),
    )
    .leftJoin('user_groups', 'user_groups.id', 'group_members.group_id')
    .leftJoin('role_bindings', (join) =>
      join.on((on) =>
        on.or([
          on.and([
            on('role_bindings.subject_kind', '=', 'agent'),
            on('role_bindings.subject_id', '=', on.ref('agents.id')),
          ]),
          on.and([
            on('role_bindings.subject_kind', '=', 'group'),
            on('role_bindings.subject_id', '=', on.ref('group_members.group_id')),
          ]),
        ]),
      ),
    )
    .select([
      'user_groups.namespace as group_namespace',
      'user_groups.name as group_name',
      'role_bindings.role as given_role',
      'role_bindings.namespace as given_namespace',
    ])
    .where('api_keys.id', '=', id)
    .execute();
  const [first] = rows;
  if (first === undefined) return undefined;
  const groups = new Map<string, StoredKey['groups'][number]>();
  const given: RoleGrant[] = [];
  for (const row of rows) {
    const { group_namespace: namespace, group_name: name, given_role: role, given_namespace: where } = row;
    if (namespace !== null && name !== null) groups.set(`${namespace}/${name}`, { namespace, name });
    if (role !== null && where !== null) given.push({ role, namespace: where });
  }
  return {
    key: toApiKey(first),
    secretHash: first.secret_hash,
    agentRoles: toRoles(first.agent_roles),
    groups: [...groups.values()],
    given,
  };
}

/**
 * Where the key is and who answers for its agent, in one statement: for an id that is none it takes as long
 * as for a key of somebody else.
 */
export async function findKeyPlace(
  db: DatabaseOrTransaction,
  id: string,
): Promise<
  { readonly namespace: string; readonly responsible: Pick<User, 'id' | 'issuer' | 'subject'> | null } | undefined
> {
  const row = await db
    .selectFrom('api_keys')
    .innerJoin('agents', 'agents.id', 'api_keys.agent_id')
    .leftJoin('users', 'users.id', 'agents.responsible_user')
    .select(['api_keys.namespace', 'users.id as user_id', 'users.issuer', 'users.subject'])
    .where('api_keys.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { namespace, user_id: user, issuer, subject } = row;
  const isKnown = user !== null && issuer !== null && subject !== null;
  return { namespace, responsible: isKnown ? { id: user, issuer, subject } : null };
}

/** All keys, or those of one namespace, oldest first. */
export async function listKeys(db: DatabaseOrTransaction, namespace?: string): Promise<readonly ApiKey[]> {
  const rows = await keysWithAgents(db)
    .$if(namespace !== undefined, (query) => query.where('api_keys.namespace', '=', namespace as string))
    .orderBy('api_keys.id')
    .execute();
  return rows.map(toApiKey);
}

/** The keys of these agents that were not revoked, expired ones too, oldest first. */
export async function listKeysOf(db: DatabaseOrTransaction, agentIds: readonly string[]): Promise<readonly ApiKey[]> {
  if (agentIds.length === 0) return [];
  const rows = await keysWithAgents(db)
    .where('api_keys.agent_id', 'in', agentIds)
    .where('api_keys.revoked_at', 'is', null)
    .orderBy('api_keys.id')
    .execute();
  return rows.map(toApiKey);
}

/** Those of one agent, oldest first. */
export async function listKeysOfAgent(db: DatabaseOrTransaction, agentId: string): Promise<readonly ApiKey[]> {
  const rows = await keysWithAgents(db).where('api_keys.agent_id', '=', agentId).orderBy('api_keys.id').execute();
  return rows.map(toApiKey);
}

/** Adds a key under the digest of its secret. */
export async function insertKey(
  db: DatabaseOrTransaction,
  key: Omit<ApiKey, 'agent' | 'cutOffAt'>,
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
      access: key.access.join(' '),
      allowed_tools: key.allowedTools?.join(' ') ?? null,
      allowed_cidrs: key.allowedCidrs?.join(' ') ?? null,
      replaced_by: key.replacedBy,
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

/** Lets the key end at that moment, in favour of the one that replaces it. */
export async function replaceKey(
  db: DatabaseOrTransaction,
  id: string,
  by: { readonly id: string; readonly expiresAt: number },
): Promise<void> {
  await db.updateTable('api_keys').set({ replaced_by: by.id, expires_at: by.expiresAt }).where('id', '=', id).execute();
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
    .leftJoin('users', 'users.id', 'agents.responsible_user')
    .leftJoin('shut_namespaces', 'shut_namespaces.namespace', 'api_keys.namespace')
    .selectAll('api_keys')
    .select([
      'agents.name as agent_name',
      'agents.roles as agent_roles',
      'agents.disabled_at as disabled_at',
      'agents.deleted_at as deleted_at',
      'users.disabled_at as responsible_disabled_at',
      'shut_namespaces.disabled_at as namespace_disabled_at',
    ]);
}

type KeyRow = Awaited<ReturnType<ReturnType<typeof keysWithAgents>['executeTakeFirstOrThrow']>>;

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    agentId: row.agent_id,
    agent: row.agent_name,
    namespace: row.namespace,
    scopes: toWords(row.scopes),
    label: row.label,
    // A word that is no access gives none.
    access: toWords(row.access).filter((word): word is Access => (ACCESS as readonly string[]).includes(word)),
    allowedTools: row.allowed_tools === null ? null : toWords(row.allowed_tools),
    allowedCidrs: row.allowed_cidrs === null ? null : toWords(row.allowed_cidrs),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    replacedBy: row.replaced_by,
    cutOffAt: cutOffAt(row),
  };
}

const toWords = (stored: string): readonly string[] => (stored === '' ? [] : stored.split(' '));
