import type { DatabaseOrTransaction, PoliciesTable, PolicyVersionsTable } from '#db';
import type { KeptPolicy, PolicyFacts, PolicyName, PolicyVersion } from '../policies/policy.ts';

/** The latest versions, those of deleted ones included, by namespace and name; of all namespaces or of these. */
export async function listPolicies(
  db: DatabaseOrTransaction,
  namespaces?: readonly string[],
): Promise<readonly KeptPolicy[]> {
  if (namespaces?.length === 0) return [];
  const rows = await latest(db)
    .$if(namespaces !== undefined, (query) => query.where('namespace', 'in', namespaces as string[]))
    .orderBy('namespace')
    .orderBy('name')
    .execute();
  return rows.map(toPolicy);
}

/** The policy of that name, also where its latest version is a deletion. */
export async function findPolicy(
  db: DatabaseOrTransaction,
  { namespace, name }: PolicyName,
): Promise<KeptPolicy | undefined> {
  const row = await latest(db).where('namespace', '=', namespace).where('name', '=', name).executeTakeFirst();
  return row && toPolicy(row);
}

const latest = (db: DatabaseOrTransaction) =>
  db
    .selectFrom('policies')
    .innerJoin('policy_versions', (join) =>
      join.onRef('policy_id', '=', 'policies.id').onRef('policy_versions.version', '=', 'policies.version'),
    )
    .selectAll('policies')
    .select(['priority', 'description', 'cedar', 'shadow', 'enabled', 'deleted', 'reason', 'author', 'at']);

/** A number that is another one after every change of a policy. */
export async function policyGeneration(db: DatabaseOrTransaction): Promise<string> {
  const { count, versions } = await db
    .selectFrom('policies')
    .select(({ fn }) => [fn.countAll().as('count'), fn.sum('version').as('versions')])
    .executeTakeFirstOrThrow();
  return `${count} ${versions}`;
}

export type NewVersion = PolicyFacts & Pick<PolicyVersion, 'version' | 'deleted' | 'reason' | 'author' | 'at'>;

/** Adds a policy in its first version; a taken name breaks a constraint, so look under the same transaction first. */
export async function insertPolicy(
  db: DatabaseOrTransaction,
  policy: PolicyName & NewVersion & { readonly id: string },
): Promise<void> {
  const { id, namespace, name, version, at } = policy;
  await db.insertInto('policies').values({ id, namespace, name, version, created_at: at }).execute();
  await insertVersion(db, id, policy);
}

/** Adds a version behind `before`; false where somebody else came first. */
export async function appendVersion(db: DatabaseOrTransaction, id: string, next: NewVersion): Promise<boolean> {
  const moved = await db
    .updateTable('policies')
    .set({ version: next.version })
    .where('id', '=', id)
    .where('version', '=', next.version - 1)
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) return false;
  await insertVersion(db, id, next);
  return true;
}

async function insertVersion(db: DatabaseOrTransaction, id: string, next: NewVersion): Promise<void> {
  const { version, priority, description, cedar, shadow, enabled, deleted, reason, author, at } = next;
  const flags = { shadow: Number(shadow), enabled: Number(enabled), deleted: Number(deleted) };
  await db
    .insertInto('policy_versions')
    .values({ policy_id: id, version, priority, description, cedar, ...flags, reason, author, at })
    .execute();
}

/** Newest first, those before `before`. */
export async function listVersions(
  db: DatabaseOrTransaction,
  id: string,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<readonly PolicyVersion[]> {
  const rows = await db
    .selectFrom('policy_versions')
    .selectAll()
    .where('policy_id', '=', id)
    .$if(before !== undefined, (query) => query.where('version', '<', before as number))
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toVersion);
}

export async function findVersion(
  db: DatabaseOrTransaction,
  id: string,
  version: number,
): Promise<PolicyVersion | undefined> {
  const row = await db
    .selectFrom('policy_versions')
    .selectAll()
    .where('policy_id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  return row && toVersion(row);
}

type VersionRow = Omit<PolicyVersionsTable, 'policy_id'>;

const toVersion = (row: VersionRow): PolicyVersion => ({
  ...{ version: row.version, priority: row.priority, description: row.description, cedar: row.cedar },
  ...{ shadow: row.shadow === 1, enabled: row.enabled === 1, deleted: row.deleted === 1 },
  ...{ reason: row.reason, author: row.author, at: row.at },
});

const toPolicy = (row: PoliciesTable & VersionRow): KeptPolicy => ({
  ...toVersion(row),
  ...{ id: row.id, namespace: row.namespace, name: row.name, createdAt: row.created_at },
});
