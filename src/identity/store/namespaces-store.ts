import type { DatabaseOrTransaction } from '#db';

/** Since when the namespace is shut; null when it is not. */
export async function findNamespaceShut(db: DatabaseOrTransaction, namespace: string): Promise<number | null> {
  const row = await db
    .selectFrom('shut_namespaces')
    .select('disabled_at')
    .where('namespace', '=', namespace)
    .executeTakeFirst();
  return row?.disabled_at ?? null;
}

/** The namespaces that are shut, by name. */
export async function listShutNamespaces(
  db: DatabaseOrTransaction,
): Promise<readonly { readonly namespace: string; readonly disabledAt: number }[]> {
  const rows = await db.selectFrom('shut_namespaces').selectAll().orderBy('namespace').execute();
  return rows.map((row) => ({ namespace: row.namespace, disabledAt: row.disabled_at }));
}

/** Shuts the namespace; one that is shut already keeps its first moment. */
export async function shutNamespace(db: DatabaseOrTransaction, namespace: string, now: number): Promise<void> {
  await db
    .insertInto('shut_namespaces')
    .values({ namespace, disabled_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function openNamespace(db: DatabaseOrTransaction, namespace: string): Promise<void> {
  await db.deleteFrom('shut_namespaces').where('namespace', '=', namespace).execute();
}
