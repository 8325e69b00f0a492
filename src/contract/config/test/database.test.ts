import { expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { serverSchema } from '#contract';

const postgres = { type: 'postgres', host: 'db.example.com', database: 'state', user: 'chatelaine', password: 'x' };
const parse = (database: unknown) => serverSchema.safeParse({ kind: 'server', database });

test('without `database` it is SQLite', () => {
  expect(serverSchema.parse({ kind: 'server' }).database).toEqual({ type: 'sqlite' });
});

test('what is left out of PostgreSQL has its default, and passwords are secrets', () => {
  const read = parse({ ...postgres, migration: { user: 'owner', password: 'y' } });
  const { database } = read.data as { database: Record<string, unknown> };
  expect(database).toMatchObject({ port: 5432, schema: 'chatelaine', poolSize: 10, tls: {} });
  expect(reveal(database['password'] as Secret)).toBe('x');
  expect((database['migration'] as { password: unknown }).password).toBeInstanceOf(Secret);
});

test.each<[string, object, string]>([
  ['TLS turned off towards another machine', { tls: { mode: 'disable' } }, 'tls.mode'],
  ['TLS that verifies nothing', { tls: { mode: 'require' } }, 'tls.mode'],
  ['a certificate without its key', { tls: { cert: '/a.pem' } }, 'tls'],
  ['a certificate by a relative path', { tls: { ca: 'ca.pem' } }, 'tls.ca'],
  ['the serving role as the one for migrations', { migration: { user: 'chatelaine' } }, 'migration.user'],
  ['a schema that would have to be quoted', { schema: 'My"Schema' }, 'schema'],
  ['a field that there is not', { sslmode: 'disable' }, ''],
  ['fields of PostgreSQL on SQLite', { type: 'sqlite' }, ''],
])('refuses %s', (_, change, path) => {
  const issues = parse({ ...postgres, ...change }).error?.issues ?? [];
  expect(issues.map((issue) => issue.path.join('.'))).toContain(['database', path].filter(Boolean).join('.'));
});

test.each(['127.0.0.1', '::1', 'localhost', '/run/postgresql'])('takes no TLS towards %s, which is here', (host) => {
  expect(parse({ ...postgres, host, tls: { mode: 'disable' } }).success).toBe(true);
});
