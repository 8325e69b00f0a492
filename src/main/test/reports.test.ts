/** The reports of the audit log at their doors: what they say, to whom, and that they are on record. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  accessReviewSchema,
  subjectExportSchema,
  loadEvidenceFolder,
  trustKeys,
  verifyReceipt,
  type AccessReview,
  type Receipt,
} from '#audit';
import { EVERYWHERE, type AuditRecord } from '#contract';
import { runProgram, type CliContext } from '#cli';
import { operator } from '#identity';
import { reveal, systemClock } from '#kernel';
import { cliContext } from '../../../test/cli-context.ts';
import { serveApi, withServices, type ServedApi } from './api.fixture.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';

let served: ServedApi;
let admin: string;
beforeAll(async () => {
  served = await serveApi();
  admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`)?.key as string;
});
afterAll(() => served.close());

const here = (): string[] => ['--data-dir', served.place.dataDir];
const there = (): string[] => ['--server', served.server.url];
/** A data directory beside its server, and the server itself: the same words do the same. */
const PLACES = [
  ['in a data directory', here],
  ['at a server', there],
] as const;

async function command(words: readonly string[], given: Partial<CliContext> = {}) {
  let [stdout, stderr] = ['', ''];
  const code = await runProgram(
    words,
    cliContext({
      env: { CHATELAINE_KEY: admin },
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      ...given,
    }),
  );
  return { code, stdout, stderr };
}

const ask = (path: string, key: string | undefined = admin): Promise<Response> =>
  served.ask('GET', `/api/v1${path}`, key);

async function recordsOf(type: string): Promise<readonly AuditRecord[]> {
  const answer = await ask(`/audit/records?type=${type}&limit=1000`);
  return ((await answer.json()) as { items: AuditRecord[] }).items;
}

/** A person of whom something is on record, and a session of theirs with a second factor. */
async function person(name: string): Promise<{ readonly id: string; readonly session: string }> {
  return await withServices(served.place.dataDir, systemClock, async ({ users, signIn, audit }) => {
    const profile = { displayName: `${name} Liddell`, email: '' };
    const { id } = await users.create(operator(), { name, profile });
    const actor = { kind: 'user', iss: 'chatelaine', sub: id, name } as const;
    const event = { class: 'tool-call', type: 'tool.call', door: 'mcp', action: 'call', outcome: 'success' } as const;
    await audit.append({ ...event, actor, address: '192.0.2.77' });
    const { token } = await signIn().sessions.begin(
      {
        ...{ userId: id, kind: 'cli', stage: 'active', amr: ['pwd', 'otp'] },
        ...{ address: '127.0.0.1', device: 'a test' },
      } as const,
      async () => {},
    );
    return { id, session: `chs_${reveal(token)}` };
  });
}

describe('an access review', () => {
  const review = async (query = ''): Promise<AccessReview> =>
    accessReviewSchema.parse(await (await ask(`/audit/access-review${query}`)).json());

  test('says who holds what, and what they did last', async () => {
    const { holders } = await review();
    const global = holders.find(({ name }) => name === 'admin-global');
    expect(global).toMatchObject({
      kind: 'agent',
      namespace: 'afar',
      disabled: false,
      roles: [{ role: 'admin' }],
      keys: [{ access: ['read', 'execute', 'admin'] }],
      // Whoever may call tools everywhere uses, through them, the secrets of all.
      secrets: [
        { namespace: 'elsewhere', name: 'target' },
        { namespace: 'home', name: 'target' },
      ],
      lastSeen: { type: 'report.access' },
      remarks: ['key-without-expiry'],
    });
    expect(holders.find(({ name }) => name === 'late')?.remarks).toContain('key-expired');
    // What was revoked is nobody's any more.
    expect(holders.find(({ name }) => name === 'gone')?.keys).toEqual([]);
    expect(holders.find(({ name }) => name === 'auditor-home')).toMatchObject({
      roles: [{ role: 'auditor', namespace: 'home' }],
      secrets: [],
    });
  });

  test('is for auditors and administrators of everywhere, and on record before and after', async () => {
    const before = (await recordsOf('report.access')).length;
    const statuses: Record<string, number> = {};
    for (const { what, key } of served.callers) {
      const answer = await ask('/audit/access-review', key);
      statuses[what] = answer.status;
      await answer.text();
    }
    expect(Object.entries(statuses).filter(([, status]) => status === 200)).toEqual([
      [`admin of ${EVERYWHERE}`, 200],
      [`auditor of ${EVERYWHERE}`, 200],
    ]);
    const records = (await recordsOf('report.access')).slice(0, -before || undefined);
    expect(records.map(({ outcome, details }) => [outcome, details?.['unusedDays']])).toEqual([
      ['success', 90],
      ['intent', 90],
      ['success', 90],
      ['intent', 90],
    ]);
  });

  test.each(['0', '-1', '1.5', '99999', 'ninety', ''])('refuses to look back for `%s` days', async (days) => {
    const answer = await ask(`/audit/access-review?unusedDays=${days}`);
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'REQUEST_INVALID' }]);
  });

  test.each(PLACES)('%s is a table for people and a document for programs', async (_, place) => {
    const shown = await command(['audit', 'access-review', ...place()]);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(/^KIND +NAME +STATE +ROLES +KEYS +SECRETS +LAST SEEN +STANDS OUT\n/);
    expect(shown.stdout).toMatch(
      /^agent +afar\/admin-global +enabled +admin everywhere +1 +2 +\d{4}-.*key-without-expiry/m,
    );
    expect(shown.stdout).toMatch(/\n\d+ of \d+ stand out\. Unused means: not since /);
    const printed = await command(['audit', 'access-review', '--unused-days', '7', '--json', ...place()]);
    expect(printed.stdout.endsWith('}\n')).toBe(true);
    expect(accessReviewSchema.parse(JSON.parse(printed.stdout)).holders.length).toBeGreaterThan(15);
  });
});

describe('the export of a person', () => {
  test('is theirs: by themselves, and by an administrator; nobody else has it', async () => {
    const [ana, bo] = [await person('ana'), await person('bo')];
    const own = await ask(`/users/${ana.id}/records`, ana.session);
    expect(own.status).toBe(200);
    const text = await own.text();
    const { records, erased, identities } = subjectExportSchema.parse(JSON.parse(text));
    expect([erased, identities]).toEqual([false, [{ iss: 'chatelaine', sub: ana.id }]]);
    expect(text).toContain('192.0.2.77');
    expect(records.map(({ type }) => type)).toEqual(expect.arrayContaining(['tool.call', 'user.create']));
    // Who made them is a person too.
    expect(text).not.toContain('"name":"operator"');
    const theirs = await ask(`/users/${ana.id}/records`, bo.session);
    expect([theirs.status, await theirs.json()]).toMatchObject([404, { code: 'USER_UNKNOWN' }]);
    const auditor = served.callers.find(({ what }) => what === `auditor of ${EVERYWHERE}`)?.key;
    expect((await ask(`/users/${ana.id}/records`, auditor)).status).toBe(403);
    expect((await ask(`/users/${ana.id}/records`)).status).toBe(200);
    expect((await ask('/users/06bxk2m9q4zv7c1n8hj3t5w0y2/records')).status).toBe(404);
  });

  test('is on record before its first byte and after its last, also in the export itself', async () => {
    const { id } = await person('cleo');
    const { records } = subjectExportSchema.parse(await (await ask(`/users/${id}/records`)).json());
    expect(records[0]).toMatchObject({ type: 'report.person', outcome: 'intent', object: { kind: 'user', id } });
    const [outcome, intent] = (await recordsOf('report.person')).filter(({ object }) => object?.id === id);
    expect([outcome?.outcome, intent?.outcome, outcome?.details]).toEqual([
      'success',
      'intent',
      { intent: intent?.id },
    ]);
    expect(outcome).toMatchObject({ class: 'audit', action: 'export', door: 'api' });
  });

  test.each(PLACES)('%s is written into a file for its reader alone, or printed', async (where, place) => {
    const name = where.includes('server') ? 'dora' : 'edith';
    const { id } = await person(name);
    const file = join(temporaryDirectory(), 'person.json');
    const written = await command(['audit', 'subject', name, '--out', file, ...place()]);
    expect(written).toEqual({ code: 0, stdout: `What is on record of ${id} is in \`${file}\`.\n`, stderr: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(subjectExportSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).records.length).toBeGreaterThan(2);
    const printed = await command(['audit', 'subject', id, ...place()]);
    expect(subjectExportSchema.parse(JSON.parse(printed.stdout)).identities).toEqual([{ iss: 'chatelaine', sub: id }]);
    const again = await command(['audit', 'subject', name, '--out', file, ...place()]);
    expect(again.stderr).toMatch(/^error FILE_UNUSABLE: .* EEXIST/);
    expect((await command(['audit', 'subject', 'nobody', ...place()])).stderr).toMatch(/^error PERSON_UNKNOWN/);
    expect((await command(['audit', 'subject', name, '--json', ...place()])).code).toBe(2);
  });

  test.each(PLACES)('%s is empty of who was erased, which has a receipt', async (where, place) => {
    const name = where.includes('server') ? 'fay' : 'gwen';
    const { id } = await person(name);
    const directory = temporaryDirectory();
    const [receipt, file, key] = ['receipt.json', 'person.json', 'key.pem'].map((file) => join(directory, file)) as [
      string,
      string,
      string,
    ];
    const erased = await command(['user', 'erase', name, '--yes', '--receipt', receipt, '--json', ...place()]);
    expect(JSON.parse(erased.stdout)).toEqual({ id, erased: true, record: expect.any(String) as string });
    const pem = (await command(['audit', 'public-key', ...place()])).stdout;
    const proven = verifyReceipt(JSON.parse(readFileSync(receipt, 'utf8')), trustKeys([pem]));
    expect(proven).toMatchObject({
      ok: true,
      value: { type: 'user.erase', outcome: 'success', object: { kind: 'user', id } },
    });
    writeFileSync(key, pem);
    const verified = await command(['audit', 'verify-receipt', receipt, '--key', key]);
    expect(verified.stdout).toMatch(/^The receipt proves the record \w+: user\.erase, success, at /);
    const written = await command(['audit', 'subject', id, '--out', file, '--json', ...place()]);
    expect(JSON.parse(written.stdout)).toMatchObject({ id, file, erased: true });
    const text = readFileSync(file, 'utf8');
    expect(subjectExportSchema.parse(JSON.parse(text))).toMatchObject({ records: [], erased: true });
    expect(text).not.toContain(name);
  });

  test('of a person asks that person for a fresh proof, not a password from this morning', async () => {
    const { id } = await person('hope');
    const session = await withServices(served.place.dataDir, systemClock, async ({ signIn }) => {
      const { token } = await signIn().sessions.begin(
        {
          ...{ userId: id, kind: 'cli', stage: 'active', amr: ['pwd'] },
          ...{ address: '127.0.0.1', device: 'a test' },
        } as const,
        async () => {},
      );
      return `chs_${reveal(token)}`;
    });
    const answer = await ask(`/users/${id}/records`, session);
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'STEP_UP_REQUIRED' }]);
  });
});

describe('the erasure of a person', () => {
  test('is answered with what proves it', async () => {
    const { id } = await person('iris');
    const answer = await served.ask('POST', `/api/v1/users/${id}/erase`, admin);
    const { record, receipt } = (await answer.json()) as { record: string; receipt: Receipt };
    expect([answer.status, receipt.record]).toMatchObject([200, { id: record, object: { id }, outcome: 'success' }]);
    expect(JSON.stringify(receipt)).not.toContain('iris');
  });
});

describe('the evidence of an incident', () => {
  const keyFile = async (directory: string): Promise<string> => {
    const file = join(directory, 'elsewhere.pem');
    writeFileSync(file, (await command(['audit', 'public-key', ...here()])).stdout);
    return file;
  };

  test.each(PLACES)('%s is a folder that a third party verifies, and that nobody can change', async (_, place) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'incident');
    const made = await command(['audit', 'evidence', '--out', out, '--type', 'test.seeded', ...place()]);
    expect(made).toEqual({
      code: 0,
      stdout: `1 records and what proves them are in \`${out}\`.\n`,
      stderr: '',
    });
    expect([statSync(out).mode & 0o777, readdirSync(out).includes('opened.ndjson')]).toEqual([0o700, false]);
    expect(readdirSync(out).filter((name) => (statSync(join(out, name)).mode & 0o777) !== 0o600)).toEqual([]);
    const key = await keyFile(directory);
    const verify = () => command(['audit', 'verify-evidence', out, '--key', key]);
    expect((await verify()).stdout).toMatch(
      /^The evidence proves 1 records of the installation \w{26}; it was made at /,
    );
    const json = await command(['audit', 'verify-evidence', out, '--key', key, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ records: 1, filter: { type: 'test.seeded' } });
    const none = await command(['audit', 'verify-evidence', join(out, 'none'), '--key', key]);
    expect(none.stderr).toMatch(/^error FILE_UNUSABLE: .* cannot be read: ENOENT/);
    const records = join(out, 'records.ndjson');
    writeFileSync(records, readFileSync(records, 'utf8').replace('test.seeded', 'test.seedad'));
    const found = await verify();
    expect([found.code, found.stderr]).toEqual([
      1,
      expect.stringMatching(/^error EVIDENCE_PROVES_NOTHING: .*`records\.ndjson` is not as it was written/) as string,
    ]);
  });

  test('has what is personal where that is asked for', async () => {
    const { id } = await person('jo');
    const out = join(temporaryDirectory(), 'incident');
    const made = await command(['audit', 'evidence', '--out', out, '--person', id, '--opened', '--json', ...there()]);
    expect(JSON.parse(made.stdout)).toMatchObject({ filter: { subject: id }, uncovered: 0 });
    expect(readFileSync(join(out, 'opened.ndjson'), 'utf8')).toContain('192.0.2.77');
    expect(readFileSync(join(out, 'records.ndjson'), 'utf8')).not.toContain('192.0.2.77');
    const outcome = (await recordsOf('report.evidence')).find(({ details }) => details?.['subject'] === id);
    expect(outcome).toMatchObject({ outcome: 'success', details: { opened: true } });
  });

  test('comes as an archive that every tar unpacks, and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const [archive, out] = [join(directory, 'incident.tar'), join(directory, 'incident')];
    const answer = await ask('/audit/evidence?type=test.seeded');
    expect(answer.headers.get('content-type')).toBe('application/x-tar');
    writeFileSync(archive, Buffer.from(await answer.arrayBuffer()));
    mkdirSync(out);
    execFileSync('tar', ['-xf', archive, '-C', out]);
    const keys = trustKeys([readFileSync(await keyFile(directory), 'utf8')]);
    const { verifyEvidence } = await loadEvidenceFolder();
    expect(await verifyEvidence(out, keys)).toMatchObject({ ok: true, value: { records: 1 } });
    await vi.waitFor(
      () => expect(readdirSync(served.place.dataDir).filter((name) => name.startsWith('evidence'))).toEqual([]),
      { timeout: 5000 },
    );
  });

  test('is not written over what is there, nor of a question that cannot be understood', async () => {
    const directory = temporaryDirectory();
    const taken = await command(['audit', 'evidence', '--out', directory, '--type', 'test.seeded', ...there()]);
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringMatching(/^error FILE_UNUSABLE: .* EEXIST/) as string]);
    expect(existsSync(directory)).toBe(true);
    const out = join(directory, 'incident');
    const asked = await command(['audit', 'evidence', '--out', out, '--from', 'yesterday', ...there()]);
    expect([asked.stderr, existsSync(out)]).toEqual([expect.stringMatching(/^error REQUEST_INVALID/) as string, false]);
  });

  test('tells names that somebody typed from the record: their digests stand there', async () => {
    await (await ask('/audit/evidence?object=Ann%20Liddell')).arrayBuffer();
    const named = (await recordsOf('report.evidence')).flatMap(({ details }) => details?.['object'] ?? []);
    expect(named).toEqual([expect.stringMatching(/^hs256:/), named[0]]);
  });
});

describe('what a command asked for and cannot keep', () => {
  test('is let go of: nothing stays in the data directory, and it is on record how it ended', async () => {
    const { id } = await person('kim');
    const taken = temporaryDirectory();
    const staged = () => readdirSync(served.place.dataDir).filter((name) => name.startsWith('evidence'));
    // The server lets go of what was asked of it before, in its own time.
    await vi.waitFor(() => expect(staged()).toEqual([]), { timeout: 5000 });
    const ended = await command(['audit', 'evidence', '--out', taken, '--person', id, '--opened', ...here()]);
    expect([ended.code, readdirSync(taken), staged()]).toEqual([2, [], []]);
    const outcome = (await recordsOf('report.evidence')).find(({ details }) => details?.['subject'] === id);
    expect(outcome).toMatchObject({ outcome: 'unknown', door: 'cli' });
    const file = join(taken, 'person.json');
    writeFileSync(file, 'mine');
    expect((await command(['audit', 'subject', id, '--out', file, ...here()])).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const [last] = (await recordsOf('report.person')).filter(({ object }) => object?.id === id);
    expect(last).toMatchObject({ outcome: 'unknown', door: 'cli' });
  });

  test('is let go of at a server too, or the command would wait for ever', async () => {
    const closed = Promise.withResolvers<void>();
    const endless = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-tar' });
      response.write('x');
      response.on('close', closed.resolve);
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void endless.close());
    const server = ['--server', `http://127.0.0.1:${(endless.address() as AddressInfo).port}`];
    expect((await command(['audit', 'evidence', '--out', temporaryDirectory(), ...server])).code).toBe(2);
    await closed.promise;
  });
});

describe('a server that stops in the middle', () => {
  test('leaves no half of a document, nor of a folder', async () => {
    const cutting = createServer((request, response) => {
      const isUser = /\/users\/\w+$/.test(request.url ?? '');
      response.writeHead(200, { 'content-type': isUser ? 'application/json' : 'application/octet-stream' });
      if (isUser) return void response.end('{"id":"06bxk2m9q4zv7c1n8hj3t5w0y2"}');
      response.write('{"format":"chatelaine-audit-subject-export/1","records":[');
      setTimeout(() => response.destroy(), 50);
    });
    await new Promise<void>((resolve) => cutting.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void cutting.close());
    const server = ['--server', `http://127.0.0.1:${(cutting.address() as AddressInfo).port}`];
    const out = join(temporaryDirectory(), 'out');
    for (const words of [
      ['audit', 'subject', '06bxk2m9q4zv7c1n8hj3t5w0y2', '--out', out],
      ['audit', 'evidence', '--out', out],
    ]) {
      const ended = await command([...words, ...server]);
      expect([ended.code, ended.stdout, existsSync(out)]).toEqual([1, '', false]);
      expect(ended.stderr).toMatch(/^error SERVER_UNREACHABLE: .* stopped before the end of its answer/);
    }
  });
});

describe('the whole log, at a server', () => {
  test('is exported, on record, and verifies like the log itself', async () => {
    const directory = temporaryDirectory();
    const [file, key] = [join(directory, 'audit.ndjson'), join(directory, 'key.pem')];
    const exported = await command(['audit', 'export', ...there()]);
    expect([exported.code, exported.stderr]).toEqual([0, '']);
    writeFileSync(file, exported.stdout);
    writeFileSync(key, (await command(['audit', 'public-key', ...there()])).stdout);
    const verified = await command(['audit', 'verify', '--export', file, '--key', key]);
    expect(verified.stdout).toMatch(/^The log is as it was written/);
    expect((await recordsOf('report.log')).map(({ outcome }) => outcome)).toEqual(['success', 'intent']);
  });

  test.each(['ocsf', 'cef', 'syslog'])('is exported as %s, a line a record', async (format) => {
    const { code, stdout, stderr } = await command(['audit', 'export', '--format', format, ...there()]);
    expect([code, stderr, stdout.split('\n').length > 50, stdout.includes('test.seeded')]).toEqual([0, '', true, true]);
  });
});

test('long work says how far it is while somebody watches, and nothing stays of that', async () => {
  let now = 0;
  const clock = { now: () => (now += 1000) };
  let stderr = '';
  const watched = { isTTY: true, write: (text: string) => (stderr += text) };
  const out = join(temporaryDirectory(), 'incident');
  await command(['audit', 'evidence', '--out', out, ...there()], { clock, stderr: watched });
  expect(stderr).toMatch(/^\rfinding and proving …/);
  expect(stderr).toMatch(/\rwriting: [\d.]+ \w+/);
  expect(stderr).toMatch(/\r +\r$/);
});
