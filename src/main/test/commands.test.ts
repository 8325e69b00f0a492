/** What an operator does from the command line: in a data directory, and at a server, with the same words. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { runProgram, type CliContext } from '#cli';
import { operator } from '#identity';
import { reveal, Secret, systemClock } from '#kernel';
import { cliContext } from '../../../test/cli-context.ts';
import { serveApi, withServices, type ServedApi } from './api.fixture.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process; `value` is what is piped in. */
async function command(words: readonly string[], given: Partial<CliContext> & { value?: string } = {}): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const { value, ...context } = given;
  const code = await runProgram(
    words,
    cliContext({
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      readSecret: async () => (value === undefined ? undefined : new Secret(value)),
      ...context,
    }),
  );
  return { code, stdout, stderr };
}

let served: ServedApi;
let admin: string;
beforeAll(async () => {
  served = await serveApi();
  admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`)?.key as string;
});
afterAll(() => served.close());

/** Without what differs from run to run: ids, moments, keys, versions of the table's columns. */
const settled = (text: string): string =>
  text
    .replaceAll(/chk_[\w-]{70}/g, 'KEY')
    .replaceAll(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ $/gm, '');

/** Verbs of every noun, in an order in which each finds what it needs. `value` is piped in. */
const STORY: readonly (readonly [words: string, value?: string])[] = [
  ['user create zoe --display-name Zoe --email zoe@example.com'],
  ['user create zoe'],
  ['user show ZOE'],
  ['role give auditor --user zoe --namespace story'],
  ['role give auditr --user zoe --namespace story'],
  ['user show zoe --json'],
  ['group create readers --namespace story --description people'],
  ['group add readers --namespace story --user zoe'],
  ['role give user --group readers --namespace story'],
  ['group show readers --namespace story'],
  ['group remove readers --namespace story --user zoe'],
  ['group list --namespace story --json'],
  ['group delete readers --namespace story'],
  ['role list --namespace story'],
  ['session list --user zoe'],
  ['session end --user zoe --json'],
  ['session end 06bxk2m9q4zv7c1n8hj3t5w0y2 --user zoe'],
  ['user disable zoe'],
  ['user enable zoe --json'],
  ['user erase zoe --yes'],
  ['user show zoe'],
  ['key create --agent bot --namespace story --scope read:x --access read --tool city --cidr 10.0.0.0/8 --json'],
  ['key list --namespace story'],
  ['agent disable bot --namespace story'],
  ['agent enable bot --namespace story --json'],
  ['agent list --namespace story'],
  ['secret put db --namespace story --kind password', 'hunter2\n'],
  ['secret put db --namespace story --kind bearer', 'hunter2'],
  ['secret put empty --namespace story --kind password'],
  ['secret put login --namespace story --kind basic --username ann --expires 90d --description reports', 'hunter2'],
  ['secret rotate login --namespace story --kind basic --username ann --overlap 1h', 'hunter3'],
  ['secret show login --namespace story'],
  ['secret disable db --namespace story'],
  ['secret enable db --namespace story'],
  ['secret list --namespace story --json'],
  ['secret rotate-key --namespace story'],
  ['secret delete db --namespace story'],
  ['secret show db --namespace story'],
  ['audit query --namespace story --type secret.deleted'],
];

async function tell(given: Partial<CliContext>, place: readonly string[]): Promise<readonly string[]> {
  const told: string[] = [];
  for (const [words, value] of STORY) {
    const { code, stdout, stderr } = await command([...words.split(' '), ...place], {
      ...given,
      ...(value !== undefined && { value }),
    });
    told.push(`${words}\n${code}\n${settled(stdout)}${settled(stderr)}`);
  }
  return told;
}

test('every verb does in a data directory what it does at a server', async () => {
  const directory = temporaryDirectory();
  const here = await tell({}, ['--data-dir', directory]);
  const there = await tell({ env: { CHATELAINE_KEY: admin } }, ['--server', served.server.url]);
  // Who did it is the one thing that differs.
  const nameless = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replaceAll('admin-global', 'WHO').replaceAll('operator', 'WHO'));
  expect(nameless(there)).toEqual(nameless(here));
  expect(here.map((line) => line.split('\n').slice(0, 2))).toEqual(
    STORY.map(([words]) => [words, FAILING.get(words) ?? '0']),
  );
  expect(here.join('\n')).not.toMatch(/hunter/);
});

/** Commands of the story that are refused, and their exit codes. */
const FAILING = new Map([
  ['session end 06bxk2m9q4zv7c1n8hj3t5w0y2 --user zoe', '1'],
  ['user create zoe', '1'],
  ['role give auditr --user zoe --namespace story', '2'],
  ['user show zoe', '1'],
  ['secret put db --namespace story --kind bearer', '1'],
  ['secret put empty --namespace story --kind password', '2'],
  ['secret show db --namespace story', '1'],
]);

describe('a secret', () => {
  test.each([
    ['as an argument', ['secret', 'put', 'db', 'hunter2', '--kind', 'password']],
    ['as an option', ['secret', 'put', 'db', '--value', 'hunter2', '--kind', 'password']],
    [
      'as an option of a rotation',
      ['secret', 'rotate', 'db', '--overlap', '1h', '--value=hunter2', '--kind', 'password'],
    ],
  ])('%s is refused with the reason, and is not said again', async (_, words) => {
    const ended = await command([...words, '--data-dir', temporaryDirectory()]);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toMatch(/^error VALUE_IN_ARGUMENTS: .*\n {2}Others on this machine see every command line/);
    expect(ended.stderr).not.toContain('hunter2');
  });

  test('comes from a file, without the line end that editors leave', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'value');
    writeFileSync(file, 'sk-123\n');
    const put = [
      'secret',
      'put',
      'weather',
      '--kind',
      'api-key',
      '--file',
      file,
      '--data-dir',
      join(directory, 'data'),
    ];
    expect((await command(put)).code).toBe(0);
    const missing = await command(['secret', 'put', 'x', '--kind', 'api-key', '--file', join(directory, 'none')]);
    expect(missing.stderr).toMatch(/^error FILE_UNUSABLE: .*ENOENT/);
  });
});

describe('a server', () => {
  test('is not sent a key in the clear, and says when it is none', async () => {
    const env = { CHATELAINE_KEY: admin };
    const at = (server: string) => command(['key', 'list', '--server', server], { env });
    expect((await at('http://example.com')).stderr).toMatch(/^error SERVER_ADDRESS_REFUSED: .*in the clear/);
    expect((await at('ftp://example.com')).stderr).toMatch(/^error SERVER_ADDRESS_REFUSED/);
    expect((await at('http://127.0.0.1:1')).stderr).toMatch(/^error SERVER_UNREACHABLE: .* does not answer/);
    expect((await command(['key', 'list', '--server', served.server.url])).stderr).toMatch(/^error CREDENTIAL_MISSING/);
  });

  test('is found by CHATELAINE_SERVER, and refuses whom it would refuse anyhow', async () => {
    const auditor = served.callers.find(({ what }) => what === 'auditor of home')?.key as string;
    const env = { CHATELAINE_SERVER: served.server.url, CHATELAINE_KEY: auditor };
    expect((await command(['agent', 'list', '--namespace', 'home'], { env })).stdout).toMatch(/target +home/);
    const refused = await command(['agent', 'disable', 'target', '--namespace', 'home'], { env });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^error FORBIDDEN: `auditor-home`/) as string,
    ]);
  });

  test('what a command does beside it in the data directory is on record as the operator’s, at the door `cli`', async () => {
    const dir = ['--data-dir', served.place.dataDir];
    await command(['secret', 'put', 'beside', '--kind', 'password', ...dir], { value: 'hunter2' });
    const queried = await command(['audit', 'query', '--object', 'beside', '--json', ...dir]);
    const records = queried.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ door, outcome }) => [door, outcome])).toEqual([
      ['cli', 'success'],
      ['cli', 'intent'],
    ]);
    expect(records[0]).toMatchObject({ actor: { kind: 'user', sub: 'operator' }, type: 'secret.put' });
    // The server sees it at once.
    const env = { CHATELAINE_KEY: admin };
    expect((await command(['secret', 'show', 'beside', '--server', served.server.url], { env })).code).toBe(0);
  });
});

test('login signs the command line in as its person, by a code that they confirm; what it gets is for their eyes alone', async () => {
  const home = temporaryDirectory();
  const { url } = served.server;
  const env = { XDG_CONFIG_HOME: home };
  const shown = Promise.withResolvers<string>();
  const stderr = { write: (text: string) => shown.resolve(/^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(text)?.[1] ?? '') };
  const login = command(['login', '--server', url, '--json'], { env, stderr });
  const code = await shown.promise;
  await withServices(served.place.dataDir, systemClock, async ({ signIn, identity }) => {
    await identity.roles.create(operator(), {
      role: 'auditor',
      namespace: EVERYWHERE,
      subject: { kind: 'user', id: served.made.user },
    });
    const { sessions, verifier, programs } = signIn();
    const visitor = { address: '127.0.0.1', userAgent: 'a browser' };
    const { token } = await sessions.begin(
      {
        ...{ userId: served.made.user, kind: 'browser', stage: 'active', amr: ['pwd', 'otp'] },
        ...{ address: visitor.address, device: visitor.userAgent },
      } as const,
      async () => {},
    );
    const live = await verifier.read(reveal(token));
    if (!live.ok) throw new Error(live.error.reason);
    await programs.decide(visitor, live.value, code, true);
  });
  expect(JSON.parse((await login).stdout)).toMatchObject({ server: url });
  const file = join(home, 'chatelaine', 'credentials.json');
  expect([statSync(file).mode & 0o777, readFileSync(file, 'utf8').includes('"chs_')]).toEqual([0o600, true]);

  const listed = await command(['session', 'list', '--user', 'ann', '--server', url], { env });
  expect(listed.stdout).toMatch(/ cli +pwd otp .* chatelaine on /);
  // The session ends: the credential is there, and counts no more.
  expect((await command(['session', 'end', '--user', 'ann', '--server', url], { env })).code).toBe(0);
  const ended = await command(['user', 'list', '--server', url], { env });
  expect(ended.stderr).toMatch(/^error UNAUTHENTICATED/);
  expect((await command(['logout', '--server', url], { env })).stdout).toMatch(/is forgotten/);
  const out = await command(['user', 'list', '--server', url], { env });
  expect(out.stderr).toMatch(/^error CREDENTIAL_MISSING: .*\n {2}Sign in with `chatelaine login/);
});

test('user password-link and reset-factors, at the server and beside it', async () => {
  const env = { CHATELAINE_KEY: admin };
  const at = ['--server', served.server.url];
  const made = await command(['user', 'password-link', 'ann', '--json', ...at], { env });
  const { link } = JSON.parse(made.stdout) as { link: string };
  expect(link).toMatch(/^http:\/\/localhost:\d+\/console\/password\?token=[\w-]{43}$/);
  const opened = await fetch(link, { redirect: 'manual' });
  expect(opened.headers.get('location')).toBe('/console/password');
  const dir = ['--data-dir', served.place.dataDir];
  expect((await command(['user', 'password-link', 'ann', ...dir])).stdout).toMatch(/^http:.*token=[\w-]{43}\n$/);
  expect((await command(['user', 'reset-factors', 'ann', ...dir])).stdout).toMatch(
    /^The user `ann` has no second factor/,
  );
  const reset = await command(['user', 'reset-factors', 'ann', '--json', ...at], { env });
  expect(JSON.parse(reset.stdout)).toEqual({ sessionsEnded: 0 });
});

test('user setup-link prints a link that opens once, for whoever has lost every way in', async () => {
  const config = served.place.write('public.yaml', `kind: server\npublicUrl: ${served.server.url}\n`);
  const made = await command(['user', 'setup-link', '--config', config, '--data-dir', served.place.dataDir, '--json']);
  const { link } = JSON.parse(made.stdout) as { link: string };
  const opened = await fetch(link, { redirect: 'manual' });
  expect([link.startsWith(`${served.server.url}/console/setup?token=`), opened.status < 400]).toEqual([true, true]);
});

describe('the audit log', () => {
  const dir = (): string[] => ['--data-dir', served.place.dataDir];

  test('verifies beside the server, at the server, and as an export with a key from elsewhere', async () => {
    const directory = temporaryDirectory();
    expect((await command(['audit', 'verify', ...dir()])).stdout).toMatch(/^The log is as it was written: \d+ records/);
    const env = { CHATELAINE_KEY: admin };
    const at = await command(['audit', 'verify', '--server', served.server.url, '--json'], { env });
    expect([at.stderr, JSON.parse(at.stdout || '{}')]).toMatchObject(['', { ok: true, findings: [] }]);
    const [exported, key] = [join(directory, 'audit.ndjson'), join(directory, 'key.pem')];
    writeFileSync(exported, (await command(['audit', 'export', ...dir()])).stdout);
    writeFileSync(key, (await command(['audit', 'public-key', ...dir()])).stdout);
    const verify = ['audit', 'verify', '--export', exported];
    expect(await command([...verify, '--key', key])).toMatchObject({ code: 0 });
    expect((await command(verify)).stderr).toMatch(/^error KEY_MISSING/);
    // One character of one record.
    writeFileSync(exported, readFileSync(exported, 'utf8').replace('"type":"test.seeded"', '"type":"test.seedad"'));
    const found = await command([...verify, '--key', key, '--json']);
    expect([found.code, JSON.parse(found.stdout)]).toMatchObject([1, { ok: false, findings: [{ kind: 'changed' }] }]);
  });

  test('says how far its receivers have got, and what keeps them', async () => {
    const [env, server] = [{ CHATELAINE_KEY: admin }, ['--server', served.server.url]];
    const at = await command(['audit', 'deliveries', ...server, '--json'], { env });
    const { items } = JSON.parse(at.stdout) as { items: unknown[] };
    const failure = { message: expect.stringContaining('ENOENT') as string };
    expect(items).toMatchObject([{ name: 'worm', state: 'failing', delivered: 0, failure }]);
    expect((await command(['audit', 'deliveries', ...server], { env })).stdout).toMatch(/^worm +failing +[1-9]\d* /m);
    const anchors = '{anchors: [{type: file, name: worm, path: /nowhere/checkpoints}]}';
    const config = served.place.write('anchored.yaml', `kind: server\naudit: ${anchors}\n`);
    const beside = await command(['audit', 'deliveries', '--config', config, ...dir()]);
    expect(beside.stdout).toMatch(/^worm +standby +[1-9]\d* /m);
  });

  test('gives a receipt that a third party verifies with the public key alone', async () => {
    const directory = temporaryDirectory();
    const [receipt, key] = [join(directory, 'receipt.json'), join(directory, 'key.pem')];
    const made = await command(['audit', 'receipt', served.made.record, ...dir()]);
    writeFileSync(receipt, made.stdout);
    writeFileSync(key, (await command(['audit', 'public-key', ...dir()])).stdout);
    const verify = () => command(['audit', 'verify-receipt', receipt, '--key', key]);
    expect((await verify()).stdout).toMatch(/^The receipt proves the record \w+: test\.seeded, success, at /);
    writeFileSync(receipt, made.stdout.replace('test.seeded', 'test.seedad'));
    expect(await verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error RECEIPT_PROVES_NOTHING/) as string,
    });
  });

  test.each(['ocsf', 'cef', 'syslog'])('is exported as %s, a line a record', async (format) => {
    const { code, stdout } = await command(['audit', 'export', '--format', format, ...dir()]);
    expect([code, stdout.split('\n').length > 50, stdout.includes('test.seeded')]).toEqual([0, true, true]);
  });

  test('that is not there is not made by looking for it', async () => {
    const directory = temporaryDirectory();
    for (const verb of ['verify', 'export']) {
      const ended = await command(['audit', verb, '--data-dir', join(directory, 'none')]);
      expect(ended.stderr).toMatch(/^error DATA_DIRECTORY_MISSING/);
    }
    expect(readdirSync(directory)).toEqual([]);
  });
});

test('a bar moves on standard error while somebody watches, and is gone at the end', async () => {
  let now = 0;
  const clock = { now: () => (now += 200) };
  const shown = await command(['audit', 'verify', '--data-dir', served.place.dataDir], { watched: true, clock });
  expect(shown.stderr).toMatch(/^\r[█░]{30} \d+ % {2}\d+ records/);
  expect(shown.stderr.endsWith('\r\u001b[K')).toBe(true);
});

test('a data directory that a command makes is for its owner alone', async () => {
  const directory = join(temporaryDirectory(), 'data');
  await command(['secret', 'put', 'db', '--kind', 'password', '--data-dir', directory], { value: 'x' });
  const open = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (file) => (statSync(join(directory, file)).mode & 0o077) !== 0,
  );
  expect([statSync(directory).mode & 0o777, open]).toEqual([0o700, []]);
});
