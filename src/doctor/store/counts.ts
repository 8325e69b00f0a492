import type { DatabaseOrTransaction } from '#db';

/** How many data keys of namespaces there are. */
export async function countNamespaceKeys(db: DatabaseOrTransaction): Promise<number> {
  const row = await db
    .selectFrom('data_keys')
    .select((select) => select.fn.countAll<number | bigint | string>().as('keys'))
    .where('scope_kind', '=', 'namespace')
    .executeTakeFirst();
  return Number(row?.keys ?? 0);
}

/** The latest moment at which something was made, milliseconds; 0 where nothing was. */
export async function newestMoment(db: DatabaseOrTransaction): Promise<number> {
  const moments = await Promise.all([
    db
      .selectFrom('agents')
      .select((of) => of.fn.max('created_at').as('at'))
      .executeTakeFirst(),
    db
      .selectFrom('api_keys')
      .select((of) => of.fn.max('created_at').as('at'))
      .executeTakeFirst(),
    db
      .selectFrom('api_keys')
      .select((of) => of.fn.max('last_used_at').as('at'))
      .executeTakeFirst(),
    db
      .selectFrom('secrets')
      .select((of) => of.fn.max('changed_at').as('at'))
      .executeTakeFirst(),
  ]);
  return Math.max(0, ...moments.map((row) => row?.at ?? 0));
}
