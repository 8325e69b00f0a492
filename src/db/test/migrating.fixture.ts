import { systemClock } from '#kernel';
import { serverSchema } from '#contract';
import { databasePlace, openDatabase } from '#db';
import { PostgresPool } from '../postgres/pool.ts';
import { SqliteConnection } from '../sqlite/connection.ts';

// A process for tests: opens a database as a server does and says how many statements that took, `begin`
// and `commit` counted too. With N it kills itself before statement number N, as by `kill -9`.
const [document = '', directory = '', dieAt] = process.argv.slice(2);
const { database } = serverSchema.parse({ kind: 'server', database: JSON.parse(document) as unknown });

let ran = 0;
function count(): void {
  if (++ran === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
}

for (const method of ['executeQuery', 'begin', 'end'] as const) {
  const original = SqliteConnection.prototype[method] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(SqliteConnection.prototype, {
    [method](this: SqliteConnection, ...args: unknown[]) {
      count();
      return original.apply(this, args);
    },
  });
}

const { connect } = PostgresPool.prototype;
PostgresPool.prototype.connect = async function (this: PostgresPool) {
  const client = await connect.call(this);
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  return Object.assign(client, {
    query: (...args: unknown[]) => {
      count();
      return query(...args);
    },
  });
};

const opened = await openDatabase({ ...databasePlace(database, directory), clock: systemClock });
process.stdout.write(String(ran));
await opened.close();
