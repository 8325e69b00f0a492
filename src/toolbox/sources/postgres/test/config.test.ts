import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { reveal, type Secret } from '#kernel';
import { cockroachSchema, postgresSchema, yugabyteSchema } from '../config.ts';
import { sessionSettings } from '../session-settings.ts';

const toolbox = { host: 'db', port: 5432, user: 'app', password: 'hunter2', database: 'shop' };

function problems(fields: Record<string, unknown>): string[] {
  const parsed = postgresSchema.safeParse({ ...toolbox, ...fields });
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('the fields of a postgres source', () => {
  it('are those of MCP Toolbox, and the password does not print', () => {
    const config = postgresSchema.parse({
      ...toolbox,
      port: '5432',
      queryParams: { sslmode: 'require' },
      queryExecMode: 'simple_protocol',
      sqlCommenter: true,
      connectTimeout: 3,
    });
    expect(config).toMatchObject({ port: 5432, connectTimeout: 3000 });
    expect(reveal(config.password as Secret)).toBe('hunter2');
    expect(inspect(config) + JSON.stringify(config)).not.toContain('hunter2');
    expect(sessionSettings(config)).toMatchObject({ ssl: { mode: 'require' }, namedStatements: false });
  });

  it.each([
    [{ host: undefined }, /^host: /],
    [{ port: 0 }, /^port: a port is a number from 1 to 65535/],
    [{ port: 'abc' }, /^port: /],
    [{ hosts: 'x' }, /Unrecognized key: "hosts"/],
    [{ queryExecMode: 'fast' }, /^queryExecMode: /],
    [{ statementTimeout: '30' }, /^statementTimeout: a duration is written like `30s`/],
    [{ ssl: { mode: 'maybe' } }, /^ssl.mode: /],
    [{ ssl: { cert: 'a.pem' } }, /^ssl: `cert` and `key` belong together/],
    [{ ssl: {}, queryParams: { sslmode: 'disable' } }, /^queryParams.sslmode: .*contradicts the `ssl` block/],
    [{ queryParams: { sslmode: 'sometimes' } }, /^queryParams.sslmode: .*is `sometimes`.*verify-full/],
    [{ queryParams: { host: 'elsewhere' } }, /^queryParams.host: .*not supported/],
    [{ queryParams: { 'x -c y': '1' } }, /^queryParams.x -c y: .*no parameter name/],
    [{ queryParams: { pool_max_conns: 'many' } }, /^queryParams.pool_max_conns: /],
  ])('are refused when %j', (fields, message) => {
    expect(problems(fields)).toEqual([expect.stringMatching(message) as string]);
  });

  it('quote a parameter so that it sets one thing', () => {
    const config = postgresSchema.parse({ ...toolbox, readOnly: true, queryParams: { search_path: 'a\\b -c x=1' } });
    expect(sessionSettings(config).options).toBe(
      '-c search_path=a\\\\b\\ -c\\ x=1 -c DateStyle=ISO -c default_transaction_read_only=on',
    );
  });
});

describe('the wire-compatible types', () => {
  it.each([
    [{}, true],
    [{ enableWriteMode: true }, false],
    [{ readOnlyMode: false }, false],
    [{ readOnlyMode: false, readOnly: true }, true],
  ])('cockroachdb with %j is read-only: %s', (fields, readOnly) => {
    const { password: _, ...rest } = toolbox;
    expect(cockroachSchema.parse({ ...rest, ...fields })).toMatchObject({ readOnly, maxRows: 1000, timeoutMs: 30_000 });
  });

  it('yugabytedb takes the fields of its smart driver', () => {
    expect(
      yugabyteSchema.safeParse({
        ...toolbox,
        loadBalance: 'true',
        topologyKeys: 'a.b.c',
        ybServersRefreshInterval: '300',
      }).success,
    ).toBe(true);
  });
});
