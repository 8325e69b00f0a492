import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { reveal, type Secret } from '#kernel';
import { mysqlSchema } from '../config.ts';
import { mysqlDialect } from '../dialect.ts';
import { sessionSettings } from '../session-settings.ts';

const toolbox = { host: 'db', port: 3306, user: 'app', password: 'hunter2', database: 'shop' };

function problems(fields: Record<string, unknown>): string[] {
  const parsed = mysqlSchema.safeParse({ ...toolbox, ...fields });
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('the fields of a mysql source', () => {
  it('are those of MCP Toolbox, and the password does not print', () => {
    const config = mysqlSchema.parse({
      ...toolbox,
      port: '3306',
      queryTimeout: '30s',
      queryParams: {
        tls: 'preferred',
        charset: 'utf8mb4,utf8',
        parseTime: 'true',
        time_zone: `'+00:00'`,
        timeout: '2s',
      },
    });
    expect(reveal(config.password as Secret)).toBe('hunter2');
    expect(inspect(config) + JSON.stringify(config)).not.toContain('hunter2');
    expect(sessionSettings(config)).toEqual({
      ssl: { mode: 'prefer' },
      connectTimeoutMs: 2000,
      queryTimeoutMs: 30_000,
      charset: 'utf8mb4',
      cleartextPassword: false,
      setup: ['USE `shop`', 'SET NAMES utf8mb4', `SET SESSION time_zone = '+00:00'`],
    });
  });

  it('need no account and no database', () => {
    expect(mysqlSchema.safeParse({ host: 'db', port: 3306 }).success).toBe(true);
  });

  it.each([
    [{ host: undefined }, /^host: /],
    [{ port: 70_000 }, /^port: /],
    [{ queryTimeout: '30' }, /^queryTimeout: a duration is written like `30s`/],
    [{ databse: 'x' }, /Unrecognized key: "databse"/],
    [{ ssl: {}, queryParams: { tls: 'true' } }, /^queryParams.tls: .*contradicts the `ssl` block/],
    [{ queryParams: { tls: 'custom' } }, /^queryParams.tls: .*is `custom`/],
    [{ queryParams: { charset: 'utf8; DROP' } }, /^queryParams.charset: /],
    [{ queryParams: { sql_mode: `''; DROP TABLE x` } }, /^queryParams.sql_mode: .*Write it as SQL does/],
    [{ queryParams: { 'a = 1, b': '2' } }, /^queryParams.a = 1, b: .*no variable name/],
    [{ queryParams: { readTimeout: 'soon' } }, /^queryParams.readTimeout: /],
  ])('are refused when %j', (fields, message) => {
    expect(problems(fields)).toEqual([expect.stringMatching(message) as string]);
  });
});

describe('MySQL identifiers', () => {
  it.each([
    ['city', '`city`'],
    ['City', '`City`'],
    ['a`b', '`a``b`'],
    ['a\\', '`a\\`'],
  ])('%j is quoted as %s', (identifier, quoted) => {
    expect(mysqlDialect.quoteIdentifier(identifier, { bare: true })).toBe(quoted);
  });

  it.each(['', 'x'.repeat(65), 'a\0b', 'a🗝️', 'blank '])('%j is refused', (identifier) => {
    expect(() => mysqlDialect.quoteIdentifier(identifier, { bare: true })).toThrow(/cannot be a MySQL identifier/);
  });
});
