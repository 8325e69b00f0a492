/** Several hosts on one PostgreSQL have the same keys in their files, or do not start. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { exportPublicKey, keepFormerKeys, openAuditStore } from '#audit';
import { serverSchema } from '#contract';
import { openDatabase, prepareDataDirectory, snapshotDatabase } from '#db';
import { reveal, silentLogger, systemClock } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import { parseSecretMaterial } from '#vault';
import { emptyPlace, type TestPlace } from '../../../test/databases.ts';
import { CITIES, run, workspace, type Workspace } from './server.fixture.ts';

const KEYS = ['vault.key', 'audit/signing.key', 'audit/digest.key'] as const;

let at: TestPlace;
beforeEach(async () => {
  at = await emptyPlace('postgres');
});

/** A data directory on a machine of its own. */
class Host {
  readonly directory = join(at.directory, `host-${Math.random().toString(36).slice(2)}`);
  vault: object = {};

  constructor() {
    prepareDataDirectory(this.directory);
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** Copies a key here, as an operator would. */
  take(name: string, from: Host): void {
    mkdirSync(dirname(this.file(name)), { recursive: true, mode: 0o700 });
    copyFileSync(from.file(name), this.file(name));
  }

  /** Starts, works and ends; rejects as the start does. */
  async start<Value>(work: (services: Services) => Promise<Value>): Promise<Value> {
    const endings = new Endings();
    const settings = serverSchema.parse({ kind: 'server', database: at.document, vault: this.vault });
    const surroundings = { clock: systemClock, log: silentLogger, endings };
    try {
      return await work(await openServices({ dataDir: this.directory, settings, ...surroundings }));
    } finally {
      await endings.close(silentLogger);
    }
  }

  /** The code of the refusal and its message; `starts` when there is none. */
  async refusal(): Promise<string> {
    try {
      return await this.start(async () => 'starts');
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return `${code}: ${message}`;
    }
  }
}

const secret = { namespace: 'home', name: 'db' };
const put = async ({ vault }: Services): Promise<void> => {
  const material = parseSecretMaterial({ kind: 'password', password: 'hunter2' });
  await vault.secrets.put({ ...secret, material }, async () => {});
};

test('a second host without keys is told each that it lacks, makes none, and opens everything once it has them', async () => {
  const [first, second] = [new Host(), new Host()];
  expect(await first.refusal()).toBe('starts');
  for (const name of KEYS) {
    const refusal = await second.refusal();
    expect(refusal).toMatch(name === 'vault.key' ? /^KEY_OF_ANOTHER_HOST/ : /^AUDIT_KEY_OF_ANOTHER_HOST/);
    expect(refusal).toContain(`there is no`);
    expect(refusal).toContain(second.file(name));
    expect(existsSync(second.file(name))).toBe(false);
    second.take(name, first);
  }
  const digests = [];
  for (const host of [first, second]) digests.push(await host.start(async ({ audit }) => audit.digest('maria')));
  expect(digests[0]).toBe(digests[1]);
  await second.start(put);
  const read = await first.start(({ vault }) => vault.reader.read(secret, { namespace: 'home', by: 'test' }));
  expect(read.kind === 'password' && reveal(read.password)).toBe('hunter2');
  expect(await first.refusal()).toBe('starts');
});

test.each(KEYS)('a second host with another %s is refused, and its file stays as it is', async (name) => {
  const [first, second] = [new Host(), new Host()];
  const elsewhere = at;
  at = await emptyPlace('postgres');
  // Another installation's: it was started on a database of its own before.
  const other = new Host();
  expect(await other.refusal()).toBe('starts');
  at = elsewhere;
  expect(await first.refusal()).toBe('starts');
  for (const key of KEYS) second.take(key, key === name ? other : first);
  const before = readFileSync(second.file(name));
  const refusal = await second.refusal();
  expect(refusal).toMatch(name === 'vault.key' ? /^KEY_OF_ANOTHER_HOST: `/ : /^AUDIT_KEY_OF_ANOTHER_HOST: `/);
  expect(refusal).toContain(second.file(name));
  expect(readFileSync(second.file(name))).toEqual(before);
  // Also when data keys exist, which tell of the wrapping key by themselves.
  await first.start(put);
  expect(await second.refusal()).toBe(refusal);
});

test('of two hosts that start at once on an empty database one starts, and the other has to take its keys', async () => {
  for (let round = 0; round < 3; round++) {
    at = await emptyPlace('postgres');
    await (await openDatabase({ ...at.place, clock: systemClock })).close();
    const hosts = [new Host(), new Host()] as const;
    const ends = await Promise.all(hosts.map((host) => host.refusal()));
    expect(ends.filter((end) => end === 'starts').length).toBeLessThanOrEqual(1);
    for (const end of ends) expect(end).toMatch(/^(?:starts$|KEY_OF_ANOTHER_HOST|AUDIT_KEY_OF_ANOTHER_HOST)/);
    expect(new Set(ends).size).toBe(2);
  }
});

describe('a key is changed by the host that has the one before', () => {
  test('the signing key: its public half is kept, and the other host is refused until it has both', async () => {
    const [first, second] = [new Host(), new Host()];
    expect(await first.refusal()).toBe('starts');
    for (const key of KEYS) second.take(key, first);
    expect(await second.refusal()).toBe('starts');
    const root = first.file('audit');
    const { signingKey, store } = await openAuditStore({ root, clock: systemClock });
    await store.close();
    rmSync(join(root, 'signing.key'));
    expect(await first.refusal()).toMatch(/^AUDIT_KEY_OF_ANOTHER_HOST: there is no/);
    keepFormerKeys(root, [exportPublicKey(signingKey)]);
    const made = new Host();
    const { store: other } = await openAuditStore({ root: made.file('audit'), clock: systemClock });
    await other.close();
    first.take('audit/signing.key', made);
    expect(await first.refusal()).toBe('starts');
    expect(await second.refusal()).toMatch(/^AUDIT_KEY_OF_ANOTHER_HOST/);
    second.take('audit/signing.key', first);
    expect(await second.refusal()).toBe('starts');
  });

  test('the wrapping key: the old one among the previous ones, and the other host is refused until it has the new one', async () => {
    const [first, second] = [new Host(), new Host()];
    expect(await first.refusal()).toBe('starts');
    for (const key of KEYS) second.take(key, first);
    const file = (host: Host, name: string) => ({ type: 'file', file: host.file(name) });
    const changed = (host: Host) => ({
      keyWrapper: file(host, 'new.key'),
      previousKeyWrappers: [file(host, 'vault.key')],
    });
    first.vault = changed(first);
    expect(await first.refusal()).toBe('starts');
    expect(await second.refusal()).toMatch(/^KEY_OF_ANOTHER_HOST/);
    second.vault = changed(second);
    second.take('new.key', first);
    expect(await second.refusal()).toBe('starts');
  });
});

test('a backup does not say which keys the hosts had: what is restored begins with those of whoever restores', async () => {
  expect(await new Host().refusal()).toBe('starts');
  const snapshot = await snapshotDatabase(at.place, at.directory);
  const names: string[] = [];
  for await (const { name, data } of snapshot.parts()) {
    for await (const _ of data);
    names.push(name);
  }
  await snapshot.close();
  expect(names).toContain('sessions.ndjson');
  expect(names).not.toContain('host_keys.ndjson');
});

describe('the command', () => {
  let place: Workspace;
  beforeEach(() => {
    place = workspace();
    onTestFinished(() => place.remove());
  });

  function configure(): string {
    const database = { ...at.document, password: '${DATABASE_PASSWORD}' };
    return place.write(
      'tools.yaml',
      `${CITIES}\n---\nkind: server\nmetrics: false\ndatabase: ${JSON.stringify(database)}\n`,
    );
  }

  test('ends with the file and what to do; forget-keys is the way on when a key is lost for good', async () => {
    const config = configure();
    const env = { DATABASE_PASSWORD: String(at.document['password']) };
    const first = new Host();
    expect(await first.refusal()).toBe('starts');
    const create = [
      'key',
      'create',
      '--agent',
      'bot',
      '--role',
      'user',
      '--data-dir',
      place.dataDir,
      '--config',
      config,
    ];
    const refused = await run(create, { env });
    expect([refused.stdout, refused.stderr]).toEqual(['', expect.stringContaining('KEY_OF_ANOTHER_HOST')]);
    expect(refused.stderr).toContain(join(place.dataDir, 'vault.key'));
    expect(refused.stderr).toMatch(/KEY_OF_ANOTHER_HOST: .*\n {2}Copy the key file from a host that serves/);
    const forgotten = await run(['migrate', 'forget-keys', '--config', config, '--json'], { env });
    expect(JSON.parse(forgotten.stdout)).toEqual({ forgotten: ['audit/digest.key', 'audit/signing.key', 'vault'] });
    expect(await run(create, { env })).toMatchObject({ code: 0 });
    expect(await first.refusal()).toMatch(/^KEY_OF_ANOTHER_HOST/);
  });
});
