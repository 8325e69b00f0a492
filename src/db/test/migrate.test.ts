import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#kernel';
import { inspectMigrations } from '#db';
import { dialects, emptyPlace, type TestPlace } from '../../../test/databases.ts';
import { migrate, type Migration } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import { migrationDialects, openPlace } from './database.fixture.ts';
import { runProcess } from './process.fixture.ts';

const process_ = join(import.meta.dirname, 'migrating.fixture.ts');
const next: Migration = { id: '0900-more', statements: ['create table more (a text)'] };
const ids = migrations.map((migration) => migration.id);

describe.each(dialects)('the history of a database: %s', (dialect) => {
  async function opened() {
    const { place } = await emptyPlace(dialect);
    const { db } = await openPlace(place);
    return { db, to: (list: readonly Migration[]) => migrate(db, list, systemClock, migrationDialects[dialect]) };
  }

  test('a new database has had every migration, each once', async () => {
    const { db, to } = await opened();
    const ledger = await db.selectFrom('schema_migrations').select('id').execute();
    expect(ledger.map((row) => row.id)).toEqual(ids);
    expect(await to(migrations)).toEqual([]);
  });

  test('what it has had can be asked before and after, and asking makes nothing', async () => {
    const { place } = await emptyPlace(dialect);
    expect(await inspectMigrations(place)).toEqual({ applied: [], pending: ids });
    expect(await inspectMigrations(place)).toEqual({ applied: [], pending: ids });
    expect((await openPlace(place)).migrated).toEqual(ids);
    expect(await inspectMigrations(place)).toEqual({ applied: ids, pending: [] });
    expect((await openPlace(place)).migrated).toEqual([]);
  });

  test('a version that lacks an applied migration refuses to run, and names it', async () => {
    const { to } = await opened();
    expect(await to([...migrations, next])).toEqual(['0900-more']);
    await expect(to(migrations)).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      message: expect.stringContaining('`0900-more`') as string,
    });
  });

  test('an applied migration that was edited since stops the start', async () => {
    const { to } = await opened();
    await to([...migrations, next]);
    const edited = { ...next, statements: ['create table more (a text, b text)'] };
    await expect(to([...migrations, edited])).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
  });

  test('the layout of a statement is not part of its checksum', async () => {
    const { to } = await opened();
    await to([...migrations, next]);
    const reformatted = { ...next, statements: ['\n  create table\n    more (a text)\n'] };
    expect(await to([...migrations, reformatted])).toEqual([]);
  });

  test('a migration put before one that was applied is a changed history', async () => {
    const { to } = await opened();
    await to([...migrations, next]);
    const slippedIn = { id: '0899-late', statements: ['create table late (a text)'] };
    await expect(to([...migrations, slippedIn, next])).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
  });

  test('a migration whose last statement fails leaves nothing of its first', async () => {
    const { db, to } = await opened();
    const broken = { ...next, statements: [...next.statements, 'insert into nowhere values (1)'] };
    await expect(to([...migrations, broken])).rejects.toThrow('nowhere');
    await expect(sql`select * from more`.execute(db)).rejects.toThrow(/no such table|does not exist/);
    expect(await to([...migrations, next])).toEqual(['0900-more']);
  });

  test('text is ordered by its bytes, and only types of columns are touched for it', async () => {
    const { db, to } = await opened();
    const words = {
      id: '0900-words',
      statements: [
        `create table words (a text not null default 'a text b', check (a <> 'no text, at all'))`,
        `insert into words (a) values ('b'), ('a-c'), ('B'), ('a_b'), ('ab'), ('ä')`,
        `insert into words (a) select a from (select 'of a text' as a) as other`,
      ],
    };
    await to([...migrations, words]);
    await sql`insert into words default values`.execute(db);
    const { rows } = await sql<{ a: string }>`select a from words order by a`.execute(db);
    expect(rows.map((row) => row.a)).toEqual(['B', 'a text b', 'a-c', 'a_b', 'ab', 'b', 'of a text', 'ä']);
  });
});

describe.each(dialects)('processes: %s', (dialect) => {
  const open = ({ document, directory }: TestPlace, ...dieAt: number[]) =>
    runProcess(process_, [JSON.stringify(document), directory, ...dieAt.map(String)]);

  test('five that start at once on nothing all come up, and each migration ran once', async () => {
    const where = await emptyPlace(dialect);
    const starts = Array.from({ length: 5 }, () => open(where));
    for (const ended of await Promise.all(starts)) expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { db } = await openPlace(where.place);
    expect(await db.selectFrom('schema_migrations').selectAll().execute()).toHaveLength(migrations.length);
  });

  test('of eight that open it in the same moment, each migration is applied by one', async () => {
    const { place } = await emptyPlace(dialect);
    const opened = await Promise.all(Array.from({ length: 8 }, () => openPlace(place)));
    expect(opened.flatMap((database) => database.migrated).toSorted()).toEqual(ids);
  });

  test('one that was killed in the midst of opening is finished by the next', async () => {
    const whole = await emptyPlace(dialect);
    const statements = Number((await open(whole)).stdout);
    expect(statements).toBeGreaterThan(4 * migrations.length);
    const expected = await shapeOf(whole);
    // Each statement in turn would be the same test a hundred times; every step meets another phase.
    const step = Math.ceil(statements / 16);
    for (let statement = 1; statement <= statements; statement += step) {
      const where = await emptyPlace(dialect);
      const killed = await open(where, statement);
      const shape = await shapeOf(where);
      expect({ statement, signal: killed.signal, shape }).toEqual({ statement, signal: 'SIGKILL', shape: expected });
    }
    // Some forty processes, one after another.
  }, 300_000);
});

/** What an opened database is made of: its migrations, tables and indexes, and triggers. */
async function shapeOf({ place, server }: TestPlace): Promise<unknown> {
  const { db } = await openPlace(place);
  const ledger = await db.selectFrom('schema_migrations').select(['id', 'checksum']).execute();
  if (server === undefined) {
    return [ledger, (await sql`select type, name from sqlite_schema order by name`.execute(db)).rows];
  }
  return [
    ledger,
    await server.query(
      `select relname, relkind from pg_class where relnamespace = to_regnamespace('chatelaine') order by 1`,
    ),
    await server.query(`select tgname, tgrelid::regclass::text from pg_trigger where not tgisinternal order by 1, 2`),
  ];
}
