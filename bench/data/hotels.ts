/** The data that every subject serves: 10,000 hotels, the same rows in SQLite and in PostgreSQL. */
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { PostgresAddress } from '../../test/postgres-server.ts';

export interface Hotel {
  readonly id: number;
  readonly name: string;
  readonly city: string;
  readonly stars: number;
  readonly price: number;
  readonly note: string;
}

export const HOTELS = 10_000;
const COLUMNS = 'id INTEGER PRIMARY KEY, name TEXT, city TEXT, stars INTEGER, price DOUBLE PRECISION, note TEXT';

/** The hotel of that number, 1 to `HOTELS`. Whole and half numbers, so that every database says the same. */
export const hotel = (id: number): Hotel => ({
  id,
  name: `Grand Hotel ${id}`,
  city: `City ${id % 500}`,
  stars: (id % 5) + 1,
  price: 80 + (id % 400) / 2,
  note: 'breakfast included, lake view',
});

export function fillSqlite(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = wal; CREATE TABLE hotels (${COLUMNS}); BEGIN`);
  const insert = database.prepare('INSERT INTO hotels VALUES (?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= HOTELS; id++) insert.run(...Object.values(hotel(id)));
  database.exec('COMMIT');
  database.close();
}

export async function fillPostgres({ host, port, user, password }: PostgresAddress): Promise<void> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  await client.query(`CREATE TABLE hotels (${COLUMNS})`);
  const hotels = Array.from({ length: HOTELS }, (_, at) => hotel(at + 1));
  await client.query('INSERT INTO hotels SELECT * FROM json_populate_recordset(NULL::hotels, $1)', [
    JSON.stringify(hotels),
  ]);
  await client.query('ANALYZE hotels');
  await client.end();
}
