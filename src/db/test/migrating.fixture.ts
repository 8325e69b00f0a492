import { systemClock } from '#kernel';
import { openDatabase } from '#db';
import { Kysely, sql } from 'kysely';
import { prepareStateFile } from '../data-directory.ts';
import { migrate } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { SqliteConnection } from '../sqlite/connection.ts';
import { sqliteDialect } from '../sqlite/dialect.ts';

// A process for tests: `open FILE` opens the database as a server does; `die FILE N` migrates it with
// two migrations and kills itself before statement number N, `begin` and `commit` counted too.
const [how, file = '', dieAt] = process.argv.slice(2);

/** Dies as by `kill -9`, in the middle of whatever transaction is open. */
class MortalConnection extends SqliteConnection {
  #left = Number(dieAt);

  override async executeQuery<Row>(...args: Parameters<SqliteConnection['executeQuery']>) {
    this.#dieInTime();
    return await super.executeQuery<Row>(...args);
  }

  override async begin() {
    this.#dieInTime();
    await super.begin();
  }

  override async end(how: 'commit' | 'rollback') {
    this.#dieInTime();
    await super.end(how);
  }

  #dieInTime() {
    if (--this.#left === 0) process.kill(process.pid, 'SIGKILL');
  }
}

if (how === 'open') {
  await (await openDatabase({ file, clock: systemClock })).close();
} else {
  prepareStateFile(file);
  const connection = new MortalConnection(file);
  await connection.configure();
  const db = new Kysely<Schema>({ dialect: sqliteDialect(connection) });
  const migrations = [
    { id: '0001-first', statements: ['create table first (a text)', `insert into first values ('one')`] },
    { id: '0002-second', statements: ['create table second (a text)', `insert into second values ('two')`] },
  ];
  await migrate(db, migrations, systemClock);
  for (const table of ['first', 'second']) {
    const { rows } = await sql.raw<{ a: string }>(`select a from ${table}`).execute(db);
    process.stdout.write(rows.map((row) => `${row.a}\n`).join(''));
  }
  await db.destroy();
}
