import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Database, DatabaseOrTransaction } from '#db';
import { dialects, emptyPlace } from '../../../test/databases.ts';
import { openPlace } from './database.fixture.ts';

const agent = (name: string) => ({
  id: name,
  namespace: 'default',
  name,
  type: 'service' as const,
  responsible_user: null,
  description: '0',
  roles: 'user',
  disabled_at: null,
  created_at: 1,
});

const enabled = async (db: DatabaseOrTransaction): Promise<number> =>
  (await db.selectFrom('agents').select('id').where('disabled_at', 'is', null).execute()).length;

describe.each(dialects)('a transaction: %s', (dialect) => {
  /** Two processes' worth of connections to one database. */
  async function two(): Promise<readonly [Database, Database]> {
    const { place } = await emptyPlace(dialect);
    return [await openPlace(place), await openPlace(place)];
  }

  test('what it checked still holds when it writes: of two agents, one always stays enabled', async () => {
    const databases = await two();
    await databases[0].db
      .insertInto('agents')
      .values([agent('a'), agent('b')])
      .execute();
    const disable = (database: Database, name: string) =>
      database.transaction(async (trx) => {
        if ((await enabled(trx)) < 2) return 'kept';
        await sleep(20);
        await trx.updateTable('agents').set({ disabled_at: 1 }).where('id', '=', name).execute();
        return 'disabled';
      });
    const outcomes = await Promise.all([disable(databases[0], 'a'), disable(databases[1], 'b')]);
    expect(outcomes.toSorted()).toEqual(['disabled', 'kept']);
    expect(await enabled(databases[0].db)).toBe(1);
  });

  test('40 additions at once to one number all arrive', async () => {
    const databases = await two();
    await databases[0].db.insertInto('agents').values(agent('a')).execute();
    const add = (database: Database) =>
      database.transaction(async (trx) => {
        const { description } = await trx.selectFrom('agents').select('description').executeTakeFirstOrThrow();
        await trx
          .updateTable('agents')
          .set({ description: String(Number(description) + 1) })
          .execute();
      });
    const failed: unknown[] = [];
    const adding = Array.from({ length: 40 }, (_, index) =>
      // Who always loses is told so, and tries again as any caller may.
      retried(() => add(databases[index % 2] as Database), failed),
    );
    await Promise.all(adding);
    const { description } = await databases[1].db.selectFrom('agents').select('description').executeTakeFirstOrThrow();
    expect(description).toBe('40');
    for (const error of failed) expect(error).toMatchObject({ code: 'DATABASE_BUSY' });
  });

  test('what throws for another reason is not run again, and leaves nothing', async () => {
    const [database] = await two();
    let runs = 0;
    const failing = database.transaction(async (trx) => {
      runs++;
      await trx.insertInto('agents').values(agent('half')).execute();
      await trx.insertInto('agents').values(agent('half')).execute();
    });
    await expect(failing).rejects.toThrow(/unique/i);
    expect([runs, await enabled(database.db)]).toEqual([1, 0]);
  });
});

async function retried(action: () => Promise<unknown>, failed: unknown[]): Promise<void> {
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'DATABASE_BUSY') throw error;
      failed.push(error);
    }
  }
}
