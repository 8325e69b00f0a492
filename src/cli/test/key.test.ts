import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '#kernel';
import { openAuditStore } from '#audit';
import { forgetfulLedger, type AuditTrail } from '#contract';
import { openDatabase, stateFile } from '#db';
import { openIdentity } from '#identity';
import { runChild, runHere, temporaryDirectory } from './cli.fixture.ts';

const KEY = /^\{"id":"([0-9a-z]{26})","agent":"claude","key":"(chk_\1_[\w-]{43})"\}\n$/;

/** What a server holds on the data directory: an open database and its identity services. */
async function serveIdentity(directory: string) {
  let now = Date.now();
  const clock = { now: () => now };
  const database = await openDatabase({ file: stateFile(directory), clock });
  onTestFinished(() => database.close());
  const nothing = (): never => expect.unreachable('a verdict records nothing');
  const trail: AuditTrail = { status: { available: true }, append: nothing, digest: nothing };
  const { keys } = openIdentity({ database, clock, log: silentLogger, trail, ledger: forgetfulLedger });
  const verdict = async (key: string) => {
    const answer = await keys.verify(key);
    return answer.ok ? answer.value.name : answer.error.reason;
  };
  return { verdict, advance: (ms: number) => (now += ms) };
}

test('key create --json prints id, agent and key on one line and nothing else', async () => {
  const directory = join(temporaryDirectory(), 'data');
  const made = await runChild([
    'key',
    'create',
    '--agent',
    'claude',
    '--role',
    'user',
    '--data-dir',
    directory,
    '--json',
  ]);
  expect(made).toEqual({ code: 0, stdout: expect.stringMatching(KEY) as string, stderr: '' });
  expect(await (await serveIdentity(directory)).verdict(KEY.exec(made.stdout)?.[2] as string)).toBe('claude');
});

test('beside a server: a key made elsewhere counts at once, and one revoked elsewhere within a second', async () => {
  const directory = temporaryDirectory();
  const server = await serveIdentity(directory);
  const made = await runChild(['key', 'create', '--agent', 'claude', '--data-dir', directory, '--json']);
  const [, id, key] = KEY.exec(made.stdout) as unknown as [string, string, string];
  expect(await server.verdict(key)).toBe('claude');
  const revoked = await runChild(['key', 'revoke', id, '--data-dir', directory, '--json']);
  expect(JSON.parse(revoked.stdout)).toMatchObject({ id, agent: 'claude' });
  server.advance(250);
  expect(await server.verdict(key)).toBe('revoked');
});

test('beside a server: an agent disabled and enabled elsewhere', async () => {
  const directory = temporaryDirectory();
  const server = await serveIdentity(directory);
  const made = await runChild(['key', 'create', '--agent', 'claude', '--data-dir', directory, '--json']);
  const key = KEY.exec(made.stdout)?.[2] as string;
  const seen = [await server.verdict(key)];
  for (const verb of ['disable', 'enable']) {
    await runChild(['agent', verb, 'claude', '--data-dir', directory]);
    server.advance(250);
    seen.push(await server.verdict(key));
  }
  expect(seen).toEqual(['claude', 'disabled', 'claude']);
});

test('ten processes that make keys for one agent at once all succeed', async () => {
  const directory = temporaryDirectory();
  const argv = ['key', 'create', '--agent', 'claude', '--data-dir', directory, '--json'];
  const made = await Promise.all(Array.from({ length: 10 }, () => runChild(argv)));
  expect(made.map(({ code, stderr }) => ({ code, stderr }))).toEqual(made.map(() => ({ code: 0, stderr: '' })));
  const listed = await runHere(['key', 'list', '--data-dir', directory, '--json']);
  const agents = await runHere(['agent', 'list', '--data-dir', directory, '--json']);
  expect((JSON.parse(listed.stdout) as { keys: unknown[] }).keys).toHaveLength(10);
  expect((JSON.parse(agents.stdout) as { agents: unknown[] }).agents).toHaveLength(1);
});

test('the data directory is ./.chatelaine, or CHATELAINE_DATA_DIR, or --data-dir, the last one winning', async () => {
  const cwd = temporaryDirectory();
  const argv = ['key', 'create', '--agent', 'claude'];
  await runChild(argv, { cwd });
  await runChild(argv, { cwd, env: { CHATELAINE_DATA_DIR: 'of-env' } });
  await runChild([...argv, '--data-dir', 'of-flag'], { cwd, env: { CHATELAINE_DATA_DIR: 'unused' } });
  await runChild(argv, { cwd, env: { CHATELAINE_DATA_DIR: '' } });
  expect(readdirSync(cwd).toSorted()).toEqual(['.chatelaine', 'of-env', 'of-flag']);
});

test('for people: the key with a word that it is shown once, then a list in which it is not', async () => {
  const directory = temporaryDirectory();
  const here = (...argv: string[]) => runHere([...argv, '--data-dir', directory]);
  const scopes = ['--scope', 'read:flights', '--scope', 'write:flights'];
  const made = await here(
    'key',
    'create',
    '--agent',
    'booking-bot',
    ...scopes,
    '--expires',
    '90d',
    '--label',
    'night shift',
  );
  const [key, id] = /chk_(\w{26})_\S{43}/.exec(made.stdout) as unknown as [string, string];
  expect(made.stdout).toContain('shown this once');
  expect(made.stdout).toContain('Scopes: read:flights, write:flights.');
  const listed = await here('key', 'list');
  expect(listed.stdout).toMatch(/^ID +AGENT +NAMESPACE +STATE +SCOPES +EXPIRES +LAST USED +LABEL\n/);
  expect(listed.stdout).toMatch(
    new RegExp(`${id}  booking-bot  default    active  read:flights write:flights  \\S{20}  never      night shift\n$`),
  );
  expect(listed.stdout).not.toContain(key.slice(31, 45));
  expect((await here('agent', 'list')).stdout).toMatch(/booking-bot  default    service  user   enabled  \S{20}\n$/);
  // Whoever finds a leaked key may give all of it.
  expect((await here('key', 'revoke', key)).stdout).toMatch(
    new RegExp(`^Key ${id} of the agent .booking-bot. is revoked`),
  );
  expect((await here('key', 'list')).stdout).toContain('  revoked  ');
});

test('an agent that is disabled shows as such in both lists, and gets no key', async () => {
  const directory = temporaryDirectory();
  const here = (...argv: string[]) => runHere([...argv, '--data-dir', directory]);
  await here('key', 'create', '--agent', 'claude');
  expect((await here('agent', 'disable', 'claude', '--json')).stdout).toMatch(
    /"name":"claude","disabledAt":"20\S+Z"\}\n$/,
  );
  expect((await here('key', 'list')).stdout).toContain('agent disabled');
  expect((await here('agent', 'list')).stdout).toContain('disabled');
  expect(await here('key', 'create', '--agent', 'claude')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error AGENT_DISABLED: .*\n {2}Enable it/) as string,
  });
});

test('only what makes something makes a data directory', async () => {
  const directory = join(temporaryDirectory(), 'mistyped');
  for (const argv of [
    ['key', 'list'],
    ['key', 'revoke', 'x'],
    ['agent', 'list'],
    ['agent', 'disable', 'x'],
  ]) {
    const ended = await runHere([...argv, '--data-dir', directory]);
    expect(ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error DATABASE_MISSING: /) as string,
    });
  }
  expect(existsSync(directory)).toBe(false);
});

test('what a command changes is on record in the data directory, by the operator; what it shows is not', async () => {
  const directory = temporaryDirectory();
  await runChild(['key', 'list', '--data-dir', directory]);
  expect(existsSync(join(directory, 'audit'))).toBe(false);
  const made = await runChild(['key', 'create', '--agent', 'claude', '--data-dir', directory, '--json']);
  const [, id, key] = KEY.exec(made.stdout) as unknown as [string, string, string];
  await runChild(['key', 'revoke', key, '--data-dir', directory]);
  await runChild(['agent', 'disable', 'nobody', '--data-dir', directory]);
  const { store } = await openAuditStore({ root: join(directory, 'audit'), clock: { now: () => Date.now() } });
  const { records } = await store.query({}, { limit: 100 });
  await store.close();
  const told = records
    .filter(({ class: kind }) => kind !== 'audit')
    .toReversed()
    .map(({ type, outcome, actor, object }) => `${actor.sub} ${type} ${object?.name} ${outcome}`);
  expect(told).toEqual([
    ...['intent', 'success'].map((outcome) => `operator key.create ${id} ${outcome}`),
    ...['intent', 'success'].map((outcome) => `operator key.revoke ${id} ${outcome}`),
    ...['intent', 'denied'].map((outcome) => `operator agent.disable nobody ${outcome}`),
  ]);
  expect(JSON.stringify(records)).not.toContain(key.slice(31));
});
