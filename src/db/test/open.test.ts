import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { systemClock } from '#kernel';
import { openDatabase, stateFile } from '#db';
import { openTestDatabase, temporaryDirectory } from './database.fixture.ts';

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('makes the directories 0700 and every file in them 0600, the write-ahead log included', async () => {
  const parent = join(temporaryDirectory(), 'made');
  const directory = join(parent, 'too');
  const { db } = await openTestDatabase(directory);
  await db.updateTable('agents').set({ description: '' }).execute();
  expect([mode(parent), mode(directory)]).toEqual(['700', '700']);
  const files = readdirSync(directory);
  expect(files.toSorted()).toEqual(
    ['chatelaine.db', 'keyring.db'].flatMap((file) => [file, `${file}-shm`, `${file}-wal`]),
  );
  expect(files.filter((file) => mode(join(directory, file)) !== '600')).toEqual([]);
});

test('takes the rights of others off a file that had them', async () => {
  const directory = temporaryDirectory();
  writeFileSync(stateFile(directory), '', { mode: 0o644 });
  chmodSync(stateFile(directory), 0o644);
  await openTestDatabase(directory);
  expect(mode(stateFile(directory))).toBe('600');
});

test('refuses a directory in which everybody may write', async () => {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o1777);
  await expect(openTestDatabase(directory)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_UNSAFE' });
});

test('commits to the disk, checks references and keeps its own tables from being written by hand', async () => {
  const { db } = await openTestDatabase();
  const pragma = async (name: string) =>
    Object.values((await sql.raw<object>(`pragma ${name}`).execute(db)).rows[0] ?? {});
  expect(await pragma('journal_mode')).toEqual(['wal']);
  expect(await pragma('synchronous')).toEqual([2]);
  expect(await pragma('foreign_keys')).toEqual([1]);
  expect(await pragma('trusted_schema')).toEqual([0]);
  await sql.raw('pragma writable_schema = on').execute(db);
  await expect(sql.raw('delete from sqlite_schema').execute(db)).rejects.toThrow('may not be modified');
});

test('with mustExist, a directory that was mistyped is named and not made', async () => {
  const directory = join(temporaryDirectory(), 'mistyped');
  const opening = openDatabase({ file: stateFile(directory), clock: systemClock, mustExist: true });
  await expect(opening).rejects.toMatchObject({
    code: 'DATABASE_MISSING',
    message: expect.stringContaining(directory) as string,
  });
  expect(() => statSync(directory)).toThrow('ENOENT');
});

test('a file that is no database is called damaged and left as it was', async () => {
  const directory = temporaryDirectory();
  const content = 'not a database at all, but a text of some length\n'.repeat(40);
  writeFileSync(stateFile(directory), content, { mode: 0o600 });
  await expect(openTestDatabase(directory)).rejects.toMatchObject({ code: 'DATABASE_DAMAGED' });
  expect(statSync(stateFile(directory)).size).toBe(content.length);
});

test('a place where no directory can be made is named with the reason', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  await expect(openTestDatabase(join(directory, 'file', 'below'))).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringContaining('ENOTDIR') as string,
  });
});

test('a file name is a file name, even one that SQLite reads as something else', async () => {
  const directory = temporaryDirectory();
  for (const name of [':memory:', 'file:x?mode=memory', 'a b%20c']) {
    const database = await openDatabase({ file: join(directory, name), clock: systemClock });
    await database.close();
    expect(statSync(join(directory, name)).size).toBeGreaterThan(0);
  }
  mkdirSync(join(directory, 'folder'));
  await expect(openDatabase({ file: join(directory, 'folder'), clock: systemClock })).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
  });
});
