import { EVERYWHERE, limitSchema } from '#contract';
import type { DatabaseOrTransaction, LimitsTable } from '#db';
import { ruleOf, type LimitRule } from '../limits/rule.ts';

/** A limit that was made by the API. */
export interface StoredLimit extends LimitRule {
  readonly rowId: string;
  readonly createdAt: number;
  readonly changedAt: number;
  /** As it was written. */
  readonly definition: Readonly<Record<string, unknown>>;
}

export async function listLimits(db: DatabaseOrTransaction): Promise<readonly StoredLimit[]> {
  const rows = await db.selectFrom('limits').selectAll().orderBy('namespace').orderBy('name').execute();
  return rows.map(storedLimit);
}

export async function findLimit(
  db: DatabaseOrTransaction,
  namespace: string,
  name: string,
): Promise<StoredLimit | undefined> {
  const row = await db
    .selectFrom('limits')
    .selectAll()
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && storedLimit(row);
}

/** Writes a limit, or writes over the one of that name. */
export async function writeLimit(db: DatabaseOrTransaction, row: LimitsTable): Promise<void> {
  await db
    .insertInto('limits')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['namespace', 'name']).doUpdateSet({ definition: row.definition, changed_at: row.changed_at }),
    )
    .execute();
}

export async function deleteLimit(db: DatabaseOrTransaction, id: string): Promise<void> {
  await db.deleteFrom('limits').where('id', '=', id).execute();
}

function storedLimit(row: LimitsTable): StoredLimit {
  const definition = JSON.parse(row.definition) as Record<string, unknown>;
  const everywhere = row.namespace === EVERYWHERE;
  const common = limitSchema.parse({
    ...definition,
    kind: 'limit',
    name: row.name,
    ...(everywhere ? { everywhere } : { namespace: row.namespace }),
  });
  return { ...ruleOf(common), rowId: row.id, createdAt: row.created_at, changedAt: row.changed_at, definition };
}
