/** What tools say of how far they reach, where nobody said it for them. */
import { expect, test } from 'vitest';
import { openedTools } from './opened-tools.fixture.ts';

const SOURCES = `
kind: source
name: sqlite
type: sqlite
database: x.db
---
kind: source
name: postgres
type: postgres
host: 127.0.0.1
port: 5432
user: u
password: p
database: d
---
kind: source
name: mysql
type: mysql
host: 127.0.0.1
port: 3306
user: u
password: p
database: d
---
kind: source
name: duckdb
type: duckdb
database: ':memory:'
---
kind: source
name: duckdb-outside
type: duckdb
database: ':memory:'
externalAccess: true
---
kind: source
name: redis
type: redis
address: ['127.0.0.1:6379']
---
kind: source
name: http
type: http
baseUrl: https://api.example
---
`;

const tool = (source: string, fields: string, hints = ''): string =>
  `${SOURCES}kind: tool\nname: t\ndescription: A tool.\nsource: ${source}\n${fields}\n${hints}\n`;
const statement = (type: string) => `type: ${type}-sql\nstatement: SELECT 1`;

test.each<[what: string, yaml: string, hint: boolean | undefined]>([
  ['an author’s statement on SQLite', tool('sqlite', statement('sqlite')), false],
  ['on PostgreSQL', tool('postgres', statement('postgres')), false],
  ['on MySQL', tool('mysql', statement('mysql')), false],
  ['on DuckDB', tool('duckdb', statement('duckdb')), false],
  ['on a DuckDB that reads URLs', tool('duckdb-outside', statement('duckdb')), undefined],
  ['a statement that callers complete', tool('sqlite', `${statement('sqlite')}\nunsafeTemplate: true`), undefined],
  ['a caller’s own statement', tool('postgres', 'type: postgres-execute-sql'), undefined],
  ['a report', tool('postgres', 'type: postgres-list-tables'), false],
  ['a plan', tool('mysql', 'type: mysql-get-query-plan'), false],
  ['commands of an author', tool('redis', 'type: redis\ncommands: [[GET, key]]'), false],
  [
    'a command of a caller',
    tool(
      'redis',
      'type: redis\ncommands: [[$name, key]]\nparameters: [{ name: name, type: string, description: A command. }]',
    ),
    undefined,
  ],
  ['a request', tool('http', 'type: http\nmethod: GET\npath: /'), true],
  ['whoever wrote it says otherwise', tool('sqlite', statement('sqlite'), 'annotations: {openWorldHint: true}'), true],
])('%s', async (_what, yaml, hint) => {
  const [made] = await openedTools(yaml);
  expect(made?.annotations.openWorldHint).toBe(hint);
});
