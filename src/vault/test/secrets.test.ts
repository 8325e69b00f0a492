import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createLogger, reveal, silentLogger } from '#kernel';
import type { AuditTrail } from '#contract';
import { formatSecretReference, parseSecretMaterial, parseSecretReference, SECRET_KINDS, startShredding } from '#vault';
import { testAuthority } from '../../../test/certificates.ts';
import { dialects } from '../../../test/databases.ts';
import { recordedVaultChange } from '../recorded-vault-change.ts';
import { codeOf, noFailure, password, passwordOf, refusal, startVault } from './vault.fixture.ts';

const db = { namespace: 'default', name: 'db' };
const use = { namespace: 'default', by: 'tool test' };

describe.each(dialects)('secrets on %s', (dialect) => {
  test('a new version takes the place of the one before, whose value is gone from the table', async () => {
    const { vault, record, database } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('one') }, record);
    await vault.secrets.put({ ...db, material: password('two') }, record);
    expect([await passwordOf(vault, 'db'), await passwordOf(vault, 'db', 2)]).toEqual(['two', 'two']);
    expect([await passwordOf(vault, 'db', 1), await passwordOf(vault, 'db', 3)]).toEqual([
      'SECRET_EXPIRED',
      'SECRET_UNKNOWN',
    ]);
    const rows = await database.db
      .selectFrom('secret_versions')
      .select(['version', 'value'])
      .orderBy('version')
      .execute();
    expect(rows).toEqual([
      { version: 1, value: null },
      { version: 2, value: expect.stringMatching(/^v1\./) as string },
    ]);
  });

  test('a server shreds what has ended, and each of it is on record before', async () => {
    const { vault, record, clock, database } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('one') }, record);
    await vault.secrets.rotate({ ...db, material: password('two'), overlapMs: 1000 }, record);
    clock.advance(1000);
    const valuesLeft = async () =>
      (await database.db.selectFrom('secret_versions').select('version').where('value', 'is not', null).execute())
        .length;
    const said: string[] = [];
    let full = true;
    const trail: AuditTrail = {
      status: { available: true },
      async append({ type, outcome, object }) {
        if (full) throw new Error('the disk is full');
        said.push(`${type} ${outcome} ${object?.name ?? ''}`);
        return { id: 'one', sequence: 1 } as never;
      },
      digest: () => expect.unreachable('nothing to digest'),
    };
    const shredding = { secrets: vault.secrets, trail, log: silentLogger };
    await startShredding(shredding)();
    expect(await valuesLeft()).toBe(2);
    full = false;
    await startShredding(shredding)();
    expect(await valuesLeft()).toBe(1);
    expect(said).toEqual(['secret.versions-ended intent db', 'secret.versions-ended success *']);
    await startShredding(shredding)();
    expect(said).toHaveLength(2);
  });

  test('a secret that cannot be shredded keeps no other from it, and is in the log and on record', async () => {
    const { vault, record, clock, database } = await startVault(dialect);
    for (const name of ['a', 'b', 'c']) {
      await vault.secrets.put({ ...db, name, material: password('one') }, record);
      await vault.secrets.rotate({ ...db, name, material: password('two'), overlapMs: 1000 }, record);
    }
    clock.advance(1000);
    await database.db.updateTable('secrets').set({ generation: 9 }).where('name', '=', 'b').execute();
    const said: string[] = [];
    const trail: AuditTrail = {
      status: { available: true },
      async append({ type, outcome, object, error, details }) {
        said.push([type, outcome, object?.name, error ?? '', JSON.stringify(details ?? {})].join(' '));
        return { id: 'one', sequence: 1 } as never;
      },
      digest: () => expect.unreachable('nothing to digest'),
    };
    const lines: string[] = [];
    const log = createLogger({ level: 'error', destination: { write: (line) => void lines.push(line) } });
    await startShredding({ secrets: vault.secrets, trail, log })();
    const left = await database.db
      .selectFrom('secret_versions')
      .innerJoin('secrets', 'secrets.id', 'secret_versions.secret_id')
      .select('name')
      .where('version', '=', 1)
      .where('value', 'is not', null)
      .execute();
    expect(left).toEqual([{ name: 'b' }]);
    expect(said).toEqual([
      'secret.versions-ended intent a  {"generation":3}',
      'secret.versions-ended failure b SEALED_DATA_ALTERED {}',
      'secret.versions-ended intent c  {"generation":3}',
      'secret.versions-ended failure *  {"secrets":2,"failed":1}',
    ]);
    expect(lines.filter((line) => line.includes('`default/b`'))).toHaveLength(1);
  });

  test('versions overlap as long as was said, and not a millisecond longer', async () => {
    const { vault, record, clock, database } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('one') }, record);
    await vault.secrets.rotate({ ...db, material: password('two'), overlapMs: 1000 }, record);
    expect([await passwordOf(vault, 'db'), await passwordOf(vault, 'db', 1)]).toEqual(['two', 'one']);
    clock.advance(999);
    expect(await passwordOf(vault, 'db', 1)).toBe('one');
    expect(await vault.secrets.shredEnded(record, noFailure)).toBe(0);
    clock.advance(1);
    expect(await passwordOf(vault, 'db', 1)).toBe('SECRET_EXPIRED');
    expect(await vault.secrets.shredEnded(record, noFailure)).toBe(1);
    expect(await vault.secrets.shredEnded(record, noFailure)).toBe(0);
    const left = await database.db
      .selectFrom('secret_versions')
      .select('version')
      .where('value', 'is not', null)
      .execute();
    expect(left).toEqual([{ version: 2 }]);
    expect(await passwordOf(vault, 'db')).toBe('two');
  });

  test('an expired secret is not given out, and no older version in its place', async () => {
    const { vault, record, clock } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('old') }, record);
    const expiresAt = clock.now() + 1000;
    await vault.secrets.rotate({ ...db, material: password('new'), overlapMs: 5000, expiresAt }, record);
    clock.advance(1000);
    expect([await passwordOf(vault, 'db'), await passwordOf(vault, 'db', 1)]).toEqual(['SECRET_EXPIRED', 'old']);
    await vault.secrets.put({ ...db, material: password('newer') }, record);
    expect(await passwordOf(vault, 'db')).toBe('newer');
  });

  test('a disabled secret is not given out and takes no new version, until it is enabled', async () => {
    const { vault, record } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('x') }, record);
    await vault.secrets.setState(db, 'disabled', record);
    expect(await passwordOf(vault, 'db')).toBe('SECRET_DISABLED');
    expect(await refusal(() => vault.secrets.put({ ...db, material: password('y') }, record))).toBe('SECRET_DISABLED');
    await vault.secrets.setState(db, 'active', record);
    expect(await passwordOf(vault, 'db')).toBe('x');
  });

  test('a deleted secret is unknown, its name is free, and its successor begins anew', async () => {
    const { vault, record } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('x') }, record);
    await vault.secrets.delete(db, record);
    expect(await passwordOf(vault, 'db')).toBe('SECRET_UNKNOWN');
    expect(await vault.secrets.list()).toEqual([]);
    const bearer = parseSecretMaterial({ kind: 'bearer', token: 'abc' });
    await vault.secrets.put({ ...db, material: bearer }, record);
    expect(await passwordOf(vault, 'db')).toBe('a bearer');
  });

  test('a change whose intent cannot be recorded does not happen; one whose outcome cannot has, and is not acknowledged', async () => {
    const { vault, record } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('x') }, record);
    const disable = (lets: (outcome: string) => boolean): Promise<unknown> => {
      const trail: AuditTrail = {
        status: { available: true },
        async append({ outcome }) {
          if (lets(outcome)) return { id: 'one', sequence: 1 } as never;
          throw new Error('the disk is full');
        },
        digest: () => expect.unreachable('nothing to digest'),
      };
      const origin = { door: 'rest', actor: { kind: 'user', iss: 'chatelaine', sub: 'u', name: 'ana' } } as const;
      const intended = { type: 'secret.disabled', action: 'disable', object: { kind: 'secret', ...db } };
      return recordedVaultChange(trail, origin, intended, (heard) => vault.secrets.setState(db, 'disabled', heard));
    };
    await expect(disable(() => false)).rejects.toThrow('the disk is full');
    expect(await passwordOf(vault, 'db')).toBe('x');
    await expect(disable((outcome) => outcome === 'intent')).rejects.toThrow('the disk is full');
    expect(await passwordOf(vault, 'db')).toBe('SECRET_DISABLED');
  });

  test('every change is told in its transaction, and whoever hears of it can undo it', async () => {
    const { vault, record, changes } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('one') }, record);
    await vault.secrets.rotate({ ...db, material: password('two'), overlapMs: 1000 }, record);
    await vault.secrets.setState(db, 'disabled', record);
    await vault.secrets.setState(db, 'disabled', record);
    const broken = async (): Promise<never> => {
      throw new Error('audit is full');
    };
    await expect(vault.secrets.setState(db, 'active', broken)).rejects.toThrow('audit is full');
    await expect(vault.secrets.delete(db, broken)).rejects.toThrow('audit is full');
    expect(await passwordOf(vault, 'db')).toBe('SECRET_DISABLED');
    await vault.secrets.delete(db, record);
    expect(changes.map((change) => ('generation' in change ? `${change.generation} ${change.what}` : ''))).toEqual([
      '1 secret.created',
      '2 secret.version-added',
      '3 secret.disabled',
      '4 secret.deleted',
    ]);
  });

  test('readers and writers of a secret that changes all the time never take each other for a rollback', async () => {
    const { vault, record } = await startVault(dialect);
    await vault.secrets.put({ ...db, material: password('0') }, record);
    const refused: string[] = [];
    const noting = (error: unknown) => void refused.push((error as { code: string }).code);
    const writer = async (name: string) => {
      for (let at = 0; at < 8; at++)
        await vault.secrets.put({ ...db, material: password(`${name}${at}`) }, record).catch(noting);
    };
    const reader = async () => {
      for (let at = 0; at < 20; at++) refused.push(await passwordOf(vault, 'db').then((text) => text.slice(0, 6)));
    };
    await Promise.all([writer('a'), writer('b'), writer('c'), writer('d'), reader(), reader()]);
    expect(refused).not.toContain('SEALED_DATA_ALTERED');
    expect(refused).not.toContain('SEALED');
  });

  test('of ten processes that put the same new name at once, one makes it and the others add to it', async () => {
    const first = await startVault(dialect);
    const others = await Promise.all(Array.from({ length: 3 }, () => first.beside()));
    const puts = [first, ...others].flatMap(({ vault, record }, process) =>
      ['a', 'b'].map((call) => vault.secrets.put({ ...db, material: password(`${process}${call}`) }, record)),
    );
    const settled = await Promise.allSettled(puts);
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
    // Who lost to others all the time is told so, and has changed nothing.
    expect(refused.filter((code) => !['VAULT_BUSY', 'DATABASE_BUSY'].includes(code))).toEqual([]);
    const [secret] = await first.vault.secrets.list();
    expect(secret?.versions.at(-1)?.version).toBe(settled.length - refused.length);
    expect(await passwordOf(first.vault, 'db')).toMatch(/^\d[ab]$/);
  });

  test('lists go by namespace and name, page by page', async () => {
    const { vault, record } = await startVault(dialect);
    const names = ['b/a', 'a/b', 'a/B', 'a/a'].map((text) => text.split('/') as [string, string]);
    for (const [namespace, name] of names) {
      await vault.secrets.put(
        { namespace, name, material: password('x'), description: `${namespace}-${name}` },
        record,
      );
    }
    const seen: string[] = [];
    for (let after; ;) {
      const page = await vault.secrets.list({ limit: 3, after });
      seen.push(...page.map((secret) => `${secret.namespace}/${secret.name}`));
      after = page.at(-1);
      if (page.length < 3) break;
    }
    expect(seen).toEqual(['a/B', 'a/a', 'a/b', 'b/a']);
    expect((await vault.secrets.list({ namespace: 'b' })).map((secret) => secret.description)).toEqual(['b-a']);
  });
});

test('a secret of another namespace answers as one that there is not, unless the rule says otherwise', async () => {
  const { vault, record, beside } = await startVault();
  await vault.secrets.put({ ...db, material: password('x') }, record);
  const foreign = { namespace: 'other', by: 'tool test' };
  const [missing, hidden] = await Promise.all(
    [{ namespace: 'default', name: 'nothing' }, db].map((reference) =>
      vault.reader.read(reference, foreign).catch((error: unknown) => error as Error),
    ),
  );
  expect(codeOf(hidden)).toBe('SECRET_UNKNOWN');
  expect((hidden as Error).message.replace('db', 'nothing')).toBe((missing as Error).message);
  const asked: string[] = [];
  const { vault: shared } = await beside({
    mayUse: (who, secret) => asked.push(`${who.namespace} ${who.by} ${secret.name} ${secret.kind}`) > 0,
  });
  expect(await shared.reader.read(db, foreign)).toMatchObject({ kind: 'password' });
  expect(asked).toEqual(['other tool test db password']);
});

test('a kind never changes, ten versions overlap at most, an overlap and an expiry have bounds', async () => {
  const { vault, record, clock } = await startVault();
  const put = (more: object) => refusal(() => vault.secrets.put({ ...db, material: password('x'), ...more }, record));
  const rotate = (overlapMs: number) =>
    refusal(() => vault.secrets.rotate({ ...db, material: password('x'), overlapMs }, record));
  expect(await rotate(0)).toBe('SECRET_UNKNOWN');
  expect(await put({})).toBe('nothing');
  expect(await put({ material: parseSecretMaterial({ kind: 'bearer', token: 'x' }) })).toBe('SECRET_KIND_DIFFERS');
  for (const expiresAt of [clock.now(), 0, Number.NaN, 1.5e300]) {
    expect(await put({ expiresAt })).toBe('SECRET_LIFETIME_REFUSED');
  }
  for (const overlapMs of [-1, 0.5, Number.NaN, 91 * 86_400_000]) {
    expect(await rotate(overlapMs)).toBe('SECRET_LIFETIME_REFUSED');
  }
  for (let version = 2; version <= 10; version++) expect(await rotate(1000)).toBe('nothing');
  expect(await rotate(1000)).toBe('SECRET_VERSIONS_EXHAUSTED');
  expect(await put({})).toBe('nothing');
  for (const name of ['', '..', 'a/b', 'ä', 'x'.repeat(129)]) {
    expect(await refusal(() => vault.secrets.put({ ...db, name, material: password('x') }, record))).toBe(
      'SECRET_NAME_REFUSED',
    );
  }
  expect(await put({ description: 'two\nlines' })).toBe('SECRET_NAME_REFUSED');
});

test.each([
  ['secret://default/db', { namespace: 'default', name: 'db' }],
  ['secret://team-a/a.b_1#12', { namespace: 'team-a', name: 'a.b_1', version: 12 }],
])('%s names a secret', (text, reference) => {
  expect(parseSecretReference(text)).toEqual({ ok: true, value: reference });
  expect(formatSecretReference(reference)).toBe(text);
});

test.each([
  ...['', 'secret://', 'secret://a', 'secret://a/', 'secret:///b', 'secret://a/b/', 'secret://a/b/c', 'Secret://a/b'],
  ...['secret://a/b#', 'secret://a/b#0', 'secret://a/b#01', 'secret://a/b#-1', 'secret://a/b#1#2', 'secret://a/b?v=1'],
  ...[
    'secret://a/..',
    'secret://../b',
    'secret://a/%62',
    'secret://a/b ',
    ' secret://a/b',
    'secret://a/b\n',
    'secret://a@b/c',
  ],
])('%j names no secret', (text) => {
  expect(parseSecretReference(text).ok).toBe(false);
});

describe('material', () => {
  const CANARY = 'canary-Zq8!';
  test.each([
    ['an unknown kind', { kind: 'apikey', key: CANARY }, 'did you mean `api-key`?'],
    ['no kind', { key: CANARY }, '`kind` is one of'],
    ['an unknown field', { kind: 'bearer', token: 'x', tokn: CANARY }, 'tokn'],
    ['a missing field', { kind: 'basic', password: CANARY }, '`username`: is missing, or not a text'],
    ['a line end in a header', { kind: 'api-key', key: `${CANARY}\r\nhost: x` }, '`key`: is not printable ASCII'],
    ['a colon in a user name', { kind: 'basic', username: `${CANARY}:x`, password: CANARY }, '`username`: has a colon'],
    ['an empty password', { kind: 'password', password: '' }, '`password`: is empty'],
    ['a number', { kind: 'password', password: 12345 }, '`password`: is missing, or not a text'],
    [
      'no certificate',
      { kind: 'mtls', certificate: CANARY, privateKey: CANARY },
      '`certificate`: is no PEM certificate',
    ],
    [
      'no key',
      { kind: 'mtls', certificate: `-----BEGIN CERTIFICATE-----${CANARY}`, privateKey: CANARY },
      'unencrypted PEM',
    ],
    ['a text', CANARY, '`kind` is one of'],
  ])('VLT-005: %s is refused with its field named and no value repeated', (_, given, message) => {
    const refused = (): unknown => parseSecretMaterial(given);
    expect(refused).toThrow(expect.objectContaining({ code: 'SECRET_VALUE_REFUSED' }) as Error);
    expect(refused).toThrow(message);
    expect(refused).not.toThrow(CANARY);
  });

  test('every kind comes back as it was put', async () => {
    const { vault, record } = await startVault();
    const { cert: certificate, key: privateKey } = testAuthority('test').issue(['client']);
    const given = [
      { kind: 'api-key', key: 'k-1' },
      { kind: 'basic', username: 'ana', password: 'a:b ü' },
      { kind: 'bearer', token: 't.1' },
      { kind: 'oauth-client', clientId: 'client one', clientSecret: 's"\\' },
      { kind: 'mtls', certificate, privateKey },
      { kind: 'password', password: '\u{1F511}\n' },
    ];
    expect(given.map(({ kind }) => kind)).toEqual(SECRET_KINDS);
    for (const material of given) {
      const name = { namespace: 'default', name: material.kind };
      await vault.secrets.put({ ...name, material: parseSecretMaterial(material) }, record);
      const read = Object.entries(await vault.reader.read(name, use));
      const plain = read.map(([field, value]) => [field, typeof value === 'string' ? value : reveal(value)]);
      expect(Object.fromEntries(plain)).toEqual(material);
    }
  });

  test('a certificate ends with its own validity, and its key must be its own', async () => {
    const { vault, record } = await startVault();
    const [mine, foreign] = ['mine', 'foreign'].map((name) => testAuthority(name).issue(['client']));
    const pair = { kind: 'mtls', certificate: mine?.cert, privateKey: mine?.key };
    const end = Date.parse(new X509Certificate(mine?.cert ?? '').validTo);
    const facts = await vault.secrets.put({ ...db, material: parseSecretMaterial(pair), expiresAt: end + 1 }, record);
    expect(facts.versions[0]?.expiresAt).toBe(end);
    expect(() => parseSecretMaterial({ ...pair, privateKey: foreign?.key })).toThrow(
      'not the key of the first certificate',
    );
  });
});
