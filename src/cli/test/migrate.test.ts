import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dialects, emptyPlace } from '../../../test/databases.ts';
import { runHere, temporaryDirectory } from './cli.fixture.ts';

interface State {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

describe.each(dialects)('chatelaine migrate: %s', (dialect) => {
  /** Runs a command with a configuration that says where the database is, its password in the environment. */
  async function somewhere() {
    const { document, directory } = await emptyPlace(dialect);
    const config = join(directory, 'server.yaml');
    const { password, ...database } = document;
    const reference = password === undefined ? {} : { password: '${DATABASE_PASSWORD}' };
    writeFileSync(config, JSON.stringify({ kind: 'server', database: { ...database, ...reference } }));
    return (...argv: string[]) =>
      runHere([...argv, '--config', config, '--data-dir', directory], { DATABASE_PASSWORD: String(password) });
  }

  test('status before, up, status after, and up again', async () => {
    const here = await somewhere();
    if (dialect === 'sqlite') {
      expect(await here('migrate', 'status')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('DATABASE_MISSING') as string,
      });
    } else {
      const before = JSON.parse((await here('migrate', 'status', '--json')).stdout) as State;
      expect([before.applied, before.pending[0]]).toEqual([[], '0001-identity']);
    }
    const up = JSON.parse((await here('migrate', 'up', '--json')).stdout) as State;
    expect(up.applied[0]).toBe('0001-identity');
    const after = JSON.parse((await here('migrate', 'status', '--json')).stdout) as State;
    expect(after).toEqual({ applied: up.applied, pending: [] });
    expect((await here('migrate', 'status')).stdout).toMatch(/^applied {2}0001-identity\n[^]*up to date\.\n$/);
    expect((await here('migrate', 'up')).stdout).toBe('The database was up to date.\n');
  });

  test('a key that was made in the database of a configuration is listed and revoked there', async () => {
    const here = await somewhere();
    const made = await here('key', 'create', '--agent', 'claude', '--json');
    const { id } = JSON.parse(made.stdout) as { id: string };
    expect((await here('key', 'revoke', id)).code).toBe(0);
    expect((await here('agent', 'disable', 'claude')).code).toBe(0);
    const { keys } = JSON.parse((await here('key', 'list', '--json')).stdout) as { keys: { state: string }[] };
    expect(keys).toMatchObject([{ id, state: 'revoked' }]);
    expect((await here('agent', 'list')).stdout).toContain('claude');
  });
});

test('a configuration with problems is refused with their places', async () => {
  const config = join(temporaryDirectory(), 'server.yaml');
  writeFileSync(
    config,
    'kind: server\ndatabase:\n  type: postgres\n  host: db.example.com\n  tls: { mode: disable }\n',
  );
  const ended = await runHere(['key', 'list', '--config', config]);
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^error CONFIGURATION_UNUSABLE: [^]*server\.yaml:\d+:\d+/);
});
