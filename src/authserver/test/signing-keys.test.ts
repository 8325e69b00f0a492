import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { operator } from '#identity';
import { reveal, Secret, silentLogger } from '#kernel';
import { namespaceScope, type Vault } from '#vault';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dialects, type TestDialect } from '../../../test/databases.ts';
import { signingKeysSchema } from '#contract';
import { KeyRotation, readConfiguredKeys, SigningKeys, type KeyTimes } from '../keys/index.ts';
import { privateKeyPlace } from '../store/signing-keys-store.ts';
import { authServerAfterRestore } from '../store/after-restore.ts';
import { outcomes, startProcess, type TestProcess } from './authserver.fixture.ts';

const MINUTE = 60_000;
const TIMES: KeyTimes = { cacheMs: 5 * MINUTE, longestTokenMs: 15 * MINUTE };

interface Keeper extends TestProcess {
  readonly keys: SigningKeys;
  readonly rotation: KeyRotation;
}

function keeper(process: TestProcess, more: Partial<ConstructorParameters<typeof SigningKeys>[0]> = {}): Keeper {
  const parts = { frame: process.frame, envelope: process.vault.envelope, log: silentLogger, times: TIMES, ...more };
  return {
    ...process,
    keys: new SigningKeys(parts),
    rotation: new KeyRotation({ ...parts, configured: more.configured !== undefined }),
  };
}

const start = async (dialect: TestDialect): Promise<Keeper> => keeper(await startProcess(dialect));
const published = async ({ keys }: Keeper): Promise<readonly string[]> =>
  (await keys.jwks()).keys.map(({ kid }) => kid);
const stored = ({ database }: TestProcess) =>
  database.db.selectFrom('signing_keys').selectAll().orderBy('prepared_at').execute();
const by = operator();

describe.each(dialects)('on %s', (dialect) => {
  it('the first use makes one ES256 key, on record, and everybody who comes later has it', async () => {
    const one = await start(dialect);
    const { signer, jwks } = await one.keys.current();
    expect(signer.algorithm).toBe('ES256');
    expect(jwks.keys).toEqual([signer.jwk]);
    expect(outcomes(one)).toEqual(['signing-key.generated success']);
    const two = keeper(await one.beside());
    expect((await two.keys.signer()).kid).toBe(signer.kid);
    expect(outcomes(two)).toEqual([]);
  });

  it('four processes that all begin at once make one key between them', async () => {
    const first = await start(dialect);
    const others = await Promise.all(Array.from({ length: 3 }, async () => keeper(await first.beside())));
    const all = [first, ...others];
    const kids = await Promise.all(all.flatMap((each) => [each.keys.signer(), each.keys.signer()]));
    expect(new Set(kids.map(({ kid }) => kid)).size).toBe(1);
    expect(await stored(first)).toHaveLength(1);
  });

  it('the private part lies in the database sealed, and moves to the new key when that is rotated', async () => {
    const one = await start(dialect);
    const { privateKey, kid } = await one.keys.signer();
    const d = privateKey.export({ format: 'jwk' }).d as string;
    const [before] = await stored(one);
    expect(JSON.stringify(before)).not.toContain(d);
    expect(before?.private_key).toMatch(/^v1\./);
    await one.vault.rotate({ kind: 'namespace', id: '*' }, async () => {});
    const [after] = await stored(one);
    expect(after?.key_id).not.toBe(before?.key_id);
    const opened = await one.vault.envelope.open(privateKeyPlace(kid), after?.private_key as string);
    expect(reveal(opened)).toBe(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  });

  it('a round: published first, signing five minutes later, the former verifying until its tokens expired', async () => {
    const here = await start(dialect);
    const there = keeper(await here.beside());
    const old = (await there.keys.signer()).kid;

    here.clock.advance(MINUTE);
    const next = await here.rotation.prepare(by, 'EdDSA');
    await there.expectSoon(async () => expect(await published(there)).toEqual([old, next.kid]));
    expect((await there.keys.signer()).kid).toBe(old);

    await expect(here.rotation.activate(by)).rejects.toMatchObject({ code: 'SIGNING_KEY_TOO_FRESH' });
    here.clock.advance(5 * MINUTE);
    await here.rotation.activate(by);
    await there.expectSoon(async () => expect((await there.keys.signer()).kid).toBe(next.kid));
    expect((await there.keys.signer()).algorithm).toBe('EdDSA');
    expect(await there.keys.verifier(old)).toBeDefined();

    await here.rotation.retire(by);
    await there.expectSoon(async () => expect(await published(there)).toEqual([next.kid, old]));
    expect((await stored(here)).find(({ kid }) => kid === old)).toMatchObject({ state: 'retired', private_key: null });
    here.clock.advance(14 * MINUTE);
    expect(await published(there)).toEqual([next.kid, old]);
    // The longest life of a token, and a minute for clocks that are behind.
    here.clock.advance(2 * MINUTE);
    await there.expectSoon(async () => expect(await published(there)).toEqual([next.kid]));
    expect(await there.keys.verifier(old)).toBeUndefined();
    expect((await stored(here)).find(({ kid }) => kid === old)?.state).toBe('gone');
    expect(outcomes(here)).toEqual([
      'signing-key.prepared success',
      'signing-key.activated denied',
      'signing-key.activated success',
      'signing-key.retired success',
    ]);
    expect(outcomes(there)).toEqual(['signing-key.generated success', 'signing-key.dropped success']);
    expect(here.ended).toMatchObject([{ what: 'signing-key.retired', id: old }]);
  });

  it('of two administrators who prepare at once one is refused', async () => {
    const here = await start(dialect);
    const there = keeper(await here.beside());
    await here.keys.signer();
    const both = await Promise.allSettled([here.rotation.prepare(by), there.rotation.prepare(by)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await stored(here)).filter(({ state }) => state === 'prepared')).toHaveLength(1);
  });

  it('activating at once leaves on record that it was early, and by how much', async () => {
    const here = await start(dialect);
    await here.keys.signer();
    await here.rotation.prepare(by);
    here.clock.advance(MINUTE);
    await here.rotation.activate(by, { now: true });
    expect(here.records.at(-1)).toMatchObject({
      type: 'signing-key.activated',
      outcome: 'success',
      details: { beforeCachesHaveIt: true, earlyMs: 4 * MINUTE },
    });
  });

  it('the former key signs again when it is asked to, until it is retired', async () => {
    const here = await start(dialect);
    const old = (await here.keys.signer()).kid;
    const { kid } = await here.rotation.prepare(by);
    await here.rotation.activate(by, { now: true });
    await here.rotation.activate(by, { kid: old });
    expect((await here.keys.signer()).kid).toBe(old);
    await here.rotation.activate(by, { kid });
    await here.rotation.retire(by);
    await expect(here.rotation.activate(by, { kid: old, now: true })).rejects.toMatchObject({
      code: 'SIGNING_KEY_NOT_PREPARED',
    });
    expect((await here.keys.signer()).kid).toBe(kid);
  });

  it('a key that somebody else has is given up at once: nothing that it signed verifies, here or there', async () => {
    const here = await start(dialect);
    const there = keeper(await here.beside());
    const leaked = (await there.keys.signer()).kid;
    await here.rotation.prepare(by);
    await here.rotation.activate(by, { now: true });
    await expect(here.rotation.retire(by, { kid: (await here.keys.signer()).kid, now: true })).rejects.toMatchObject({
      code: 'SIGNING_KEY_IN_USE',
    });
    await here.rotation.retire(by, { kid: leaked, now: true });
    await there.expectSoon(async () => expect(await there.keys.verifier(leaked)).toBeUndefined());
    expect(here.ended).toMatchObject([{ what: 'signing-key.dropped', id: leaked }]);
  });

  it('a restored copy signs with no key that was retired since, and publishes none that was given up', async () => {
    const here = await start(dialect);
    const first = (await here.keys.signer()).kid;
    here.clock.advance(MINUTE);
    const { kid: second } = await here.rotation.prepare(by);
    const { db } = here.database;
    const ends = (what: string) =>
      new Map(
        what === 'signing-key.retired'
          ? [[first, here.clock.now()]]
          : what === 'signing-key.dropped'
            ? [[second, here.clock.now()]]
            : [],
      );
    expect(await authServerAfterRestore.replay?.(db, ends, here.clock.now())).toBe(2);
    expect(await stored(here)).toMatchObject([
      { kid: first, state: 'retired', signs: 0, private_key: null },
      { kid: second, state: 'gone', private_key: null },
    ]);
    const again = keeper(await here.beside());
    const { signer, jwks } = await again.keys.current();
    expect([first, second]).not.toContain(signer.kid);
    expect(jwks.keys.map(({ kid }) => kid)).toEqual([signer.kid, first]);
    expect(await authServerAfterRestore.replay?.(db, ends, here.clock.now())).toBe(0);
  });

  it('a row that somebody wrote without Chatelaine is not signed with', async () => {
    const here = await start(dialect);
    const { kid, jwk } = await here.keys.signer();
    await here.database.db
      .updateTable('signing_keys')
      .set({ kid: `x${kid}`, public_jwk: JSON.stringify(jwk) })
      .execute();
    const there = keeper(await here.beside());
    await expect(there.keys.signer()).rejects.toThrow('was not written there by this vault');
  });
});

test('the same set is the same object until something changes, so that nothing is built from it twice', async () => {
  const here = await start('sqlite');
  const set = await here.keys.current();
  here.keys.forget();
  expect(await here.keys.current()).toBe(set);
  await here.rotation.prepare(by);
  expect(await here.keys.current()).not.toBe(set);
});

test('known keys cost no statement; a database that is silent lets nobody sign', async () => {
  const here = await start('sqlite');
  await here.keys.signer();
  await here.keys.signer();
  const before = here.database.statementCounts().executed;
  for (let times = 0; times < 100; times++) await here.keys.signer();
  expect(here.database.statementCounts().executed).toBe(before);
  here.clock.advance(250);
  vi.spyOn(here.database.changes, 'version').mockReturnValue('unknown');
  vi.spyOn(here.database.db, 'selectFrom').mockImplementation(() => {
    throw new Error('the database is gone');
  });
  await expect(here.keys.signer()).rejects.toThrow('the database is gone');
});

test('nobody but a global administrator rotates or looks', async () => {
  const here = await start('sqlite');
  const { principal, origin } = operator();
  for (const roles of [['auditor'], ['user'], ['policy_admin'], ['tool_publisher']] as const) {
    const as = { origin, principal: { ...principal, roles, grants: [{ role: roles[0], namespace: '*' }] } };
    await expect(here.rotation.prepare(as)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(here.rotation.status(as)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  }
  const narrow = { origin, principal: { ...principal, grants: [{ role: 'admin', namespace: 'travel' } as const] } };
  await expect(here.rotation.activate(narrow)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await stored(here)).toEqual([]);
});

test('the next step is named with its moment, round after round', async () => {
  const here = await start('sqlite');
  await here.keys.signer();
  const next = async () => (await here.rotation.status(by)).next;
  expect(await next()).toMatchObject({ step: 'prepare' });
  const { kid } = await here.rotation.prepare(by);
  expect(await next()).toMatchObject({ step: 'activate', kid, at: here.clock.now() + TIMES.cacheMs });
  here.clock.advance(TIMES.cacheMs);
  await here.rotation.activate(by);
  expect(await next()).toMatchObject({ step: 'retire' });
  await here.rotation.retire(by);
  expect(await next()).toMatchObject({ step: 'prepare' });
});

describe('keys of the configuration', () => {
  const pem = (type: 'ec' | 'rsa' = 'ec'): string => {
    const { privateKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  };
  const fileWith = (text: string): string => {
    const directory = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    writeFileSync(join(directory, 'signing.pem'), text);
    return join(directory, 'signing.pem');
  };
  const read = (list: unknown, vault?: Vault) => {
    const settings = signingKeysSchema.parse(list) ?? [];
    const secrets = {
      read: async (reference: { namespace: string; name: string }, holder: { namespace: string; by: string }) => {
        const { material, version } = await (vault as Vault).reader.readVersion(reference, holder);
        return { material, version: String(version), endsAt: undefined };
      },
    };
    return readConfiguredKeys(settings, secrets);
  };

  it('the first signs and the rest verify, beside the key that Chatelaine had made before', async () => {
    const own = await start('sqlite');
    const before = (await own.keys.signer()).kid;
    const given = await read([{ file: fileWith(pem()) }, { pem: pem('rsa'), algorithm: 'RS384' }]);
    const here = keeper(await own.beside(), { configured: async () => given });
    expect(await published(here)).toEqual([given[0]?.kid, given[1]?.kid, before]);
    expect((await here.keys.signer()).kid).toBe(given[0]?.kid);
    expect((await here.keys.jwks()).keys.map(({ alg }) => alg)).toEqual(['ES256', 'RS384', 'ES256']);
    await expect(here.rotation.prepare(by)).rejects.toMatchObject({ code: 'SIGNING_KEYS_CONFIGURED' });
    expect((await here.rotation.status(by)).next).toBeUndefined();
    await here.rotation.retire(by);
    here.clock.advance(20 * MINUTE);
    expect(await published(here)).toEqual([given[0]?.kid, given[1]?.kid]);
  });

  it('may lie in the vault', async () => {
    const process = await startProcess('sqlite');
    const material = { kind: 'password', password: new Secret(pem()) } as const;
    await process.vault.secrets.put({ namespace: 'default', name: 'signing', material }, async () => {});
    expect(namespaceScope('default')).toBeDefined();
    expect(await read([{ secret: 'secret://default/signing' }], process.vault)).toMatchObject([{ algorithm: 'ES256' }]);
  });

  it.each([
    [
      'a file that is not there',
      () => [{ file: '/nowhere/signing.pem' }],
      /`\/nowhere\/signing.pem` cannot be read \(ENOENT\)/,
    ],
    ['what is no key', () => [{ pem: 'secret words' }], /no private key in PEM/],
    [
      'one key twice',
      () => {
        const text = pem();
        return [{ pem: text }, { pem: text }];
      },
      /twice/,
    ],
  ])('refuses %s, and repeats nothing of it', async (_, list, message) => {
    const refused = await read(list()).then(
      () => new Error('it was taken'),
      (error: unknown) => error as Error,
    );
    expect(refused).toMatchObject({ code: 'SIGNING_KEY_REFUSED' });
    expect(refused.message).toMatch(message);
    expect(refused.message).not.toContain('secret words');
  });

  it.each([
    ['in two places', [{ file: '/a.pem', pem: 'x' }]],
    ['in none', [{ algorithm: 'ES256' }]],
    ['at a relative path', [{ file: 'a.pem' }]],
    ['with an algorithm of shared keys', [{ pem: 'x', algorithm: 'HS256' }]],
    ['as an empty list', []],
  ])('is refused %s', (_, list) => {
    expect(signingKeysSchema.safeParse(list).success).toBe(false);
  });
});
