/** The commands over token sessions, clients and grants, on a data directory. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operator } from '#identity';
import { systemClock } from '#kernel';
import { seedAuthorization, withServices } from './api.fixture.ts';
import { CITIES, run, start, workspace, type Workspace } from './server.fixture.ts';

let place: Workspace;
let ann: { readonly id: string; readonly left: Awaited<ReturnType<typeof seedAuthorization>> };
let bo: typeof ann;
beforeAll(async () => {
  place = workspace();
  const server = await start(['--config', place.write('tools.yaml', CITIES), '--data-dir', place.dataDir]);
  await server.stop();
  await withServices(place.dataDir, systemClock, async ({ users, database }) => {
    const one = async (name: string) => {
      const { id } = await users.create(operator(), { name, profile: { displayName: name, email: '' } });
      return { id, left: await seedAuthorization(database.db, id) };
    };
    [ann, bo] = [await one('ann'), await one('bo')];
  });
});
afterAll(() => place.remove());

const chatelaine = (...args: string[]) => run([...args, '--data-dir', place.dataDir]);
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout, stderr } = await chatelaine(...args, '--json');
  return stdout === '' ? { stderr } : (JSON.parse(stdout) as Record<string, unknown>);
};

test('token-session list and end: one, all of a person, and plain words', { timeout: 120_000 }, async () => {
  const listed = await chatelaine('token-session', 'list', '--user', 'ann');
  expect(listed.stdout).toMatch(/ID\s+USER\s+CLIENT\s+OWNER/);
  expect(listed.stdout).toContain(ann.left.tokenSession);
  expect(listed.stdout).not.toContain(bo.left.tokenSession);
  expect(await json('token-session', 'end', ann.left.tokenSession)).toEqual({ ended: 1 });
  expect(await json('token-session', 'list', '--user', ann.id)).toEqual({ tokenSessions: [] });
  expect((await json('token-session', 'list', '--ended'))['tokenSessions']).toMatchObject([
    { id: ann.left.tokenSession, state: 'ended', endedBecause: 'by an administrator' },
  ]);
  expect((await chatelaine('token-session', 'end', '--user', 'bo')).stdout).toBe('1 token sessions were ended.\n');
  expect((await json('token-session', 'end', '06bxk2m9q4zv7c1n8hj3t5w0y2'))['stderr']).toContain(
    'TOKEN_SESSION_UNKNOWN',
  );
  const neither = await chatelaine('token-session', 'end');
  expect([neither.code, neither.stderr]).toEqual([2, expect.stringContaining('OPTION_MISSING')]);
});

test('client list, show, block, unblock, end and delete', { timeout: 120_000 }, async () => {
  const { client } = ann.left;
  expect((await chatelaine('client', 'list')).stdout).toMatch(
    new RegExp(`chatelaine-cli[\\s\\S]*${client}\\s+Desk\\s+registered itself\\s+active`),
  );
  expect((await chatelaine('client', 'show', client)).stdout).toContain('Codes go to  https://desk.test/cb');
  expect(await json('client', 'block', client)).toMatchObject({ clientId: client, state: 'blocked' });
  expect((await chatelaine('client', 'unblock', client)).stdout).toBe(`The client \`${client}\` may ask for tokens.\n`);
  expect(await json('client', 'end', client)).toMatchObject({ clientId: client, ended: expect.any(Number) });
  expect(await json('client', 'delete', client)).toEqual({ clientId: client });
  expect((await json('client', 'show', client))['stderr']).toContain('OAUTH_CLIENT_UNKNOWN');
  expect((await json('client', 'block', 'chatelaine-cli'))['stderr']).toContain('OAUTH_CLIENT_BUILT_IN');
});

test('grant list and revoke, of which no token is ever shown', { timeout: 120_000 }, async () => {
  const listed = await json('grant', 'list', '--upstream', 'company');
  expect((listed['grants'] as { user: string }[]).map(({ user }) => user).toSorted()).toEqual(
    [ann.id, bo.id].toSorted(),
  );
  expect(Object.keys((listed['grants'] as object[])[0] ?? {})).not.toContain('tokens');
  expect(await json('grant', 'revoke', ann.left.grant)).toEqual({ revoked: 1 });
  expect((await chatelaine('grant', 'revoke', '--user', 'bo')).stdout).toBe('1 grants were revoked.\n');
  expect((await chatelaine('grant', 'list')).stdout).toBe('There is no such grant.\n');
});
