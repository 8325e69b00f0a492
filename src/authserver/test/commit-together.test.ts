import { expect, onTestFinished, test } from 'vitest';
import { openDatabase, type Database } from '#db';
import { systemClock } from '#kernel';
import { emptyPlace } from '../../../test/databases.ts';
import { commitTogether } from '../artifacts/commit-together.ts';
import type { Write } from '../artifacts/unit-of-work.ts';

async function sqlite(): Promise<Database> {
  const { place } = await emptyPlace('sqlite');
  const database = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => database.close());
  return database;
}

/** A row that names who wrote it. */
const row =
  (digest: string): Write =>
  async (trx) => {
    const nothing = { grant_id: null, user_id: null, client_id: null, uid_digest: null, user_code_digest: null };
    const artifact = { model: 'Test', digest, content: '', ...nothing, consumed_at: null, expires_at: 1 };
    await trx.insertInto('oauth_artifacts').values(artifact).execute();
  };

const digests = async ({ db }: Database): Promise<string[]> =>
  (await db.selectFrom('oauth_artifacts').select('digest').orderBy('digest').execute()).map(({ digest }) => digest);

/** Counts the commits of a database. */
function counted(database: Database): { commits: number } {
  const count = { commits: 0 };
  const { transaction } = database;
  Object.assign(database, {
    transaction: async (work: Parameters<typeof transaction>[0]) => {
      const value = await transaction.call(database, work);
      count.commits++;
      return value;
    },
  });
  return count;
}

test('requests that come at once share a commit, and what each wrote is there when it is told so', async () => {
  const database = await sqlite();
  const count = counted(database);
  const names = Array.from({ length: 10 }, (_, at) => `row-${at}`);
  await Promise.all(
    names.map(async (name) => {
      await commitTogether(database, [row(name)]);
      expect(await digests(database)).toContain(name);
    }),
  );
  expect(await digests(database)).toEqual(names);
  expect(count.commits).toBeLessThan(names.length / 2);
});

test('what is wrong with one request is nothing to the others, and nothing of it is there', async () => {
  const database = await sqlite();
  await commitTogether(database, [row('taken')]);
  const ends = await Promise.allSettled([
    commitTogether(database, [row('a')]),
    commitTogether(database, [row('half'), row('taken')]),
    commitTogether(database, [row('b')]),
  ]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await digests(database)).toEqual(['a', 'b', 'taken']);
});

test('a commit that fails may have happened, so nobody’s writes are tried again', async () => {
  const database = await sqlite();
  const { transaction } = database;
  let runs = 0;
  Object.assign(database, {
    transaction: async (work: Parameters<typeof transaction>[0]) => {
      runs++;
      await transaction.call(database, work);
      throw new Error('the connection is gone');
    },
  });
  const ends = await Promise.allSettled([commitTogether(database, [row('a')]), commitTogether(database, [row('b')])]);
  expect([runs, ...ends.map(({ status }) => status)]).toEqual([1, 'rejected', 'rejected']);
});
