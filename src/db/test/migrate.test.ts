import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#kernel';
import { migrate, type Migration } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import { openTestDatabase, temporaryDirectory } from './database.fixture.ts';
import { runProcess } from './process.fixture.ts';
import { stateFile } from '#db';

const process_ = join(import.meta.dirname, 'migrating.fixture.ts');
const next: Migration = { id: '0900-more', statements: ['create table more (a text)'] };

describe('the history of a database', () => {
  test('a new database has had every migration, each once', async () => {
    const { db } = await openTestDatabase();
    const ledger = await db.selectFrom('schema_migrations').select('id').execute();
    expect(ledger.map((row) => row.id)).toEqual(migrations.map((migration) => migration.id));
    expect(await migrate(db, migrations, systemClock)).toEqual([]);
  });

  test('a version that lacks an applied migration refuses to run, and names it', async () => {
    const { db } = await openTestDatabase();
    expect(await migrate(db, [...migrations, next], systemClock)).toEqual(['0900-more']);
    await expect(migrate(db, migrations, systemClock)).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      message: expect.stringContaining('`0900-more`') as string,
    });
  });

  test('an applied migration that was edited since stops the start', async () => {
    const { db } = await openTestDatabase();
    await migrate(db, [...migrations, next], systemClock);
    const edited = { ...next, statements: ['create table more (a text, b text)'] };
    await expect(migrate(db, [...migrations, edited], systemClock)).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
    });
  });

  test('the layout of a statement is not part of its checksum', async () => {
    const { db } = await openTestDatabase();
    await migrate(db, [...migrations, next], systemClock);
    const reformatted = { ...next, statements: ['\n  create table\n    more (a text)\n'] };
    expect(await migrate(db, [...migrations, reformatted], systemClock)).toEqual([]);
  });

  test('a migration put before one that was applied is a changed history', async () => {
    const { db } = await openTestDatabase();
    await migrate(db, [...migrations, next], systemClock);
    const slippedIn = { id: '0899-late', statements: ['create table late (a text)'] };
    await expect(migrate(db, [...migrations, slippedIn, next], systemClock)).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
    });
  });

  test('a migration whose last statement fails leaves nothing of its first', async () => {
    const { db } = await openTestDatabase();
    const broken = { ...next, statements: [...next.statements, 'insert into nowhere values (1)'] };
    await expect(migrate(db, [...migrations, broken], systemClock)).rejects.toThrow('nowhere');
    await expect(sql`select * from more`.execute(db)).rejects.toThrow('no such table');
    expect(await migrate(db, [...migrations, next], systemClock)).toEqual(['0900-more']);
  });
});

describe('processes', () => {
  test('five that start at once on nothing all come up, and each migration ran once', async () => {
    const directory = temporaryDirectory();
    const starts = Array.from({ length: 5 }, () => runProcess(process_, ['open', stateFile(directory)]));
    for (const ended of await Promise.all(starts)) expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { db } = await openTestDatabase(directory);
    expect(await db.selectFrom('schema_migrations').selectAll().execute()).toHaveLength(migrations.length);
  });

  test('one that was killed before any of its statements is finished by the next', async () => {
    let deaths = 0;
    for (let statement = 1; statement < 60; statement++) {
      const file = stateFile(temporaryDirectory());
      const killed = await runProcess(process_, ['die', file, String(statement)]);
      const resumed = await runProcess(process_, ['die', file, '0']);
      expect({ statement, ...resumed }).toMatchObject({ statement, code: 0, stderr: '', stdout: 'one\ntwo\n' });
      if (killed.signal !== 'SIGKILL') break;
      deaths++;
    }
    // Two migrations of two statements in their transactions, two ledger rows, the ledger's own table.
    expect(deaths).toBeGreaterThanOrEqual(11);
  });
});
