/** Every column of a migrated database has a class, on both databases, and no class has no column. */
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase, type Database } from '#db';
import { systemClock } from '#kernel';
import { dialects, emptyPlace, type TestDialect } from '../../../test/databases.ts';
import { CLASSES, DATA_CLASSES, type DataClass, type TableClasses } from '../data-classes.ts';

async function migrated(dialect: TestDialect): Promise<Database> {
  const { place } = await emptyPlace(dialect);
  const opened = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => opened.close());
  return opened;
}

interface Column {
  readonly table: string;
  readonly column: string;
}

/** As the database itself says, the keyring beside it included. */
async function columnsOf({ db }: Database, dialect: TestDialect): Promise<readonly Column[]> {
  if (dialect === 'postgres') {
    const read = sql<Column>`select table_name as "table", column_name as "column" from information_schema.columns
      where table_schema = current_schema()`;
    return (await read.execute(db)).rows;
  }
  const found: Column[] = [];
  for (const schema of ['main', 'keyring']) {
    const read = sql<Column>`select m.name as "table", p.name as "column"
      from ${sql.id(schema, 'sqlite_master')} m join pragma_table_info(m.name, ${schema}) p
      where m.type = 'table' and m.name not like 'sqlite_%'`;
    found.push(...(await read.execute(db)).rows);
  }
  return found;
}

const classOf = (table: string): readonly (readonly [string, DataClass])[] =>
  (Object.keys(CLASSES) as DataClass[]).flatMap((one) =>
    (DATA_CLASSES[table]?.[one] ?? '')
      .split(' ')
      .filter((column) => column !== '')
      .map((column) => [column, one] as const),
  );
const classifiedIn = (dialect: TestDialect): readonly string[] =>
  Object.entries(DATA_CLASSES)
    .filter(([, { only = dialect }]) => only === dialect)
    .flatMap(([table]) => classOf(table).map(([column]) => `${table}.${column}`));
const classified = classifiedIn('postgres');

describe.each(dialects)('in %s', (dialect) => {
  test('every column has one class, and every class is of a column that there is', async () => {
    const columns = await columnsOf(await migrated(dialect), dialect);
    const there = columns.map(({ table, column }) => `${table}.${column}`).toSorted();
    expect(there.length).toBeGreaterThan(400);
    const known = classifiedIn(dialect);
    expect(there.filter((one) => !known.includes(one))).toEqual([]);
    expect(known.filter((one) => !there.includes(one))).toEqual([]);
  });
});

test('no column has two classes', () => {
  expect(classified.filter((one, at) => classified.indexOf(one) !== at)).toEqual([]);
});

test('of what is personal it is said when it goes', () => {
  const personal: readonly DataClass[] = ['personal', 'words', 'sealed-personal'];
  const silent = Object.entries(DATA_CLASSES).filter(
    ([, table]: [string, TableClasses]) => personal.some((one) => table[one] !== undefined) && table.goes === undefined,
  );
  expect(silent.map(([table]) => table)).toEqual([]);
});

test('what the vault seals has the key that it is sealed by beside it', () => {
  const sealed = Object.keys(DATA_CLASSES).filter((table) => DATA_CLASSES[table]?.['sealed-personal'] !== undefined);
  const without = sealed.filter((table) => !classOf(table).some(([column]) => column === 'key_id'));
  // The record names the keys of its people inside.
  expect(without).toEqual(['audit_records']);
});
