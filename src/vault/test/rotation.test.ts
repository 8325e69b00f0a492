import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { namespaceScope, subjectScope, type Place, type WrapperSettings } from '#vault';
import { dialects } from '../../../test/databases.ts';
import { http, startTransit } from '../../../test/key-services.ts';
import {
  password,
  passwordOf,
  randomWrapper,
  refusal,
  startVault,
  temporaryDirectory,
  type TestVault,
} from './vault.fixture.ts';

/** A key of a Transit service, as `vault:` names it. */
const transitAt = (address: string): WrapperSettings & { readonly type: 'transit' } => ({
  ...{ type: 'transit', address, key: 'k', http },
  token: () => new Secret('t'),
});

const SCOPE = namespaceScope('default');
const COUNT = 130;

async function fill({ vault, record }: TestVault, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const secret = { namespace: 'default', name: `s${index}`, material: password(`value ${index}`) };
    await vault.secrets.put(secret, record);
  }
}

async function expectAllReadable({ vault }: TestVault, count: number): Promise<void> {
  for (let index = 0; index < count; index++) expect(await passwordOf(vault, `s${index}`)).toBe(`value ${index}`);
}

const keysInUse = async ({ database: { db } }: TestVault): Promise<readonly (string | null)[]> => {
  const rows = [
    ...(await db.selectFrom('secrets').select('key_id').distinct().execute()),
    ...(await db.selectFrom('secret_versions').select('key_id').distinct().execute()),
  ];
  return [...new Set(rows.map((row) => row.key_id))];
};

describe.each(dialects)('data keys on %s', (dialect) => {
  test('a rotation preserves every plaintext and leaves nothing under the old key', async () => {
    const start = await startVault(dialect);
    await fill(start, COUNT);
    const before = await keysInUse(start);
    expect(await start.vault.rotate(SCOPE, start.record)).toBe(2 * COUNT);
    const after = await keysInUse(start);
    expect(after).toHaveLength(1);
    expect(before).not.toContain(after[0]);
    await expectAllReadable(start, COUNT);
    await expectAllReadable(await start.beside(), COUNT);
    expect(start.changes.at(-1)).toEqual({
      what: 'key.rotated',
      scope: 'namespace default',
      keyId: after[0],
      retired: before[0],
    });
  });

  test('VLT-004: of two rotations at once the second is refused, and both ways everything stays readable', async () => {
    const start = await startVault(dialect);
    await fill(start, COUNT);
    const other = await start.beside();
    const outcomes = await Promise.all(
      [start, other].map(({ vault, record }) => refusal(() => vault.rotate(SCOPE, record))),
    );
    expect(outcomes.toSorted()).toEqual(['VAULT_BUSY', 'nothing']);
    await expectAllReadable(other, COUNT);
    expect(await start.database.db.selectFrom('data_keys').select('id').execute()).toHaveLength(2);
  });

  test('VLT-004: a rotation that another took over from stops before its next step', async () => {
    const start = await startVault(dialect);
    await fill(start, 3);
    const takenOver = start.vault.rotate(SCOPE, async (trx) => {
      await trx.updateTable('vault_leases').set({ holder: 'another', held_until: Number.MAX_SAFE_INTEGER }).execute();
    });
    await expect(takenOver).rejects.toMatchObject({ code: 'VAULT_BUSY' });
    expect(await start.database.db.selectFrom('vault_leases').select('holder').execute()).toEqual([
      { holder: 'another' },
    ]);
    await expectAllReadable(start, 3);
  });

  test('readers and writers of two processes notice nothing of rotations and rewraps', async () => {
    const start = await startVault(dialect);
    const next = randomWrapper();
    const other = await start.beside({ wrapper: next, previousWrappers: [start.wrapper] });
    const reader = await start.beside({ previousWrappers: [next] });
    await fill(start, 20);
    const done = new AbortController();
    const failures = new Set<string>();
    const served = { rounds: 0 };
    const serve = async (): Promise<void> => {
      while (!done.signal.aborted) {
        const name = `s${served.rounds % 20}`;
        const expected = `value ${served.rounds % 20}`;
        const value = await passwordOf(reader.vault, name);
        if (value !== expected) failures.add(value);
        const write = { namespace: 'default', name, material: password(expected) };
        const refused = await refusal(() => reader.vault.secrets.put(write, reader.record));
        // Losing to others twelve times in a row is told, and nothing to do with keys.
        if (!['nothing', 'DATABASE_BUSY'].includes(refused)) failures.add(refused);
        served.rounds++;
        // SQLite answers within the turn: without this the others would never have one.
        await nextTurn();
      }
    };
    const serving = serve();
    for (let round = 0; round < 3 || served.rounds < 10; round++) {
      await start.vault.rotate(SCOPE, start.record).catch((error: unknown) => failures.add(String(error)));
      await other.vault.rewrap();
    }
    done.abort();
    await serving;
    expect([...failures]).toEqual([]);
    await expectAllReadable(await start.beside({ wrapper: next }), 20);
  });

  test('a key that has had its messages is replaced, and no nonce is used twice under a key', async () => {
    const start = await startVault(dialect, { messagesPerKey: 10 });
    const texts: string[] = [];
    const subject = subjectScope('ana');
    for (let message = 0; message < 35; message++) {
      const where: Place = { table: 't', column: 'c', row: String(message), owner: 'default/x' };
      texts.push(
        await start.vault.envelope.writing(subject, async (_trx, sealing) => {
          return (await sealing.seal(where, new Secret(`m${message}`))).text;
        }),
      );
    }
    const perKey = Map.groupBy(texts, (text) => text.split('.')[1]);
    expect([...perKey.values()].map((group) => group.length)).toEqual([10, 10, 10, 5]);
    expect(new Set(texts.map((text) => text.split('.').slice(1, 3).join())).size).toBe(35);
    const counts = await start.database.db.selectFrom('data_keys').select('messages').execute();
    expect(counts.map((row) => row.messages).toSorted((a, b) => a - b)).toEqual([5, 10, 10, 10]);
    for (const [index, text] of texts.entries()) {
      const where: Place = { table: 't', column: 'c', row: String(index), owner: 'default/x' };
      expect(reveal(await start.vault.envelope.open(where, text))).toBe(`m${index}`);
    }
  });

  test('a transaction that a key has no messages left for is done whole with the next key', async () => {
    const start = await startVault(dialect, { messagesPerKey: 10 });
    const sealSix = () =>
      start.vault.envelope.writing(subjectScope('ana'), async (_trx, sealing) => {
        const where: Place = { table: 't', column: 'c', row: 'r', owner: 'o' };
        const sealed = [];
        for (let message = 0; message < 6; message++) sealed.push(await sealing.seal(where, new Secret('x')));
        return new Set(sealed.map(({ keyId }) => keyId));
      });
    const [first, second] = [await sealSix(), await sealSix()];
    expect([first.size, second.size, new Set([...first, ...second]).size]).toEqual([1, 1, 2]);
    const counts = await start.database.db.selectFrom('data_keys').select('messages').execute();
    expect(counts).toEqual([{ messages: 6 }, { messages: 6 }]);
  });

  test('VLT-004: an old wrapping key is needed until a rewrap has finished, and then no more', async () => {
    const start = await startVault(dialect);
    await fill(start, 3);
    const next = randomWrapper();
    expect(await refusal(() => start.beside({ wrapper: next }))).toBe('KEY_WRAPPER_MISSING');
    const both = await start.beside({ wrapper: next, previousWrappers: [start.wrapper] });
    expect(await both.vault.rewrap()).toBe(1);
    expect(await both.vault.rewrap()).toBe(0);
    expect((await both.vault.wrapperUses()).map((use) => use.keys)).toEqual([1]);
    await expectAllReadable(await start.beside({ wrapper: next }), 3);
    // The old key alone opens nothing any more.
    expect(await refusal(() => start.beside())).toBe('KEY_WRAPPER_MISSING');
  });

  test('VLT-010: a lease that was taken and abandoned is free after a minute, not before', async () => {
    const start = await startVault(dialect);
    await fill(start, 1);
    const held_until = start.clock.now() + 60_000;
    for (const name of ['rewrap', 'reseal namespace default']) {
      await start.database.db.insertInto('vault_leases').values({ name, holder: 'gone', held_until }).execute();
    }
    const outcome = async () => [
      await refusal(() => start.vault.rewrap()),
      await refusal(() => start.vault.rotate(SCOPE, start.record)),
    ];
    start.clock.advance(59_999);
    expect(await outcome()).toEqual(['VAULT_BUSY', 'VAULT_BUSY']);
    start.clock.advance(1);
    expect(await outcome()).toEqual(['nothing', 'nothing']);
    expect(await start.database.db.selectFrom('vault_leases').selectAll().execute()).toEqual([]);
  });
});

describe('wrong keys', () => {
  test('VLT-004: with the wrong key, or an empty place for it, nothing starts and nothing is written', async () => {
    const file = join(temporaryDirectory(), 'vault.key');
    const start = await startVault('sqlite', { wrapper: { type: 'file', file } });
    await fill(start, 2);
    const everything = async (): Promise<unknown> =>
      await start.database.db.selectFrom('data_keys').selectAll().execute();
    const before = await everything();
    const wrong: readonly WrapperSettings[] = [
      randomWrapper(),
      { type: 'file', file: join(temporaryDirectory(), 'lost.key') },
      { type: 'file', file: writeKey(join(temporaryDirectory(), 'other.key')) },
    ];
    const codes = [];
    for (const wrapper of wrong) codes.push(await refusal(() => start.beside({ wrapper })));
    expect(codes).toEqual(['KEY_WRAPPER_MISSING', 'KEY_FILE_MISSING', 'KEY_WRAPPER_MISSING']);
    expect(await everything()).toEqual(before);
    await expectAllReadable(await start.beside(), 2);
  });

  test('VLT-004: a Transit key of the same name with other versions is noticed before anything is written', async () => {
    const [right, wrong] = [await startTransit('t'), await startTransit('t')];
    for (const service of [right, wrong]) service.rotate('k');
    const start = await startVault('sqlite', { wrapper: transitAt(right.address) });
    await fill(start, 2);
    expect(await refusal(() => start.beside({ wrapper: transitAt(wrong.address) }))).toBe('KEY_UNWRAP_FAILED');
  });

  test('a new key file takes over from one that is named as the previous one', async () => {
    const directory = temporaryDirectory();
    const [one, two] = ['one.key', 'two.key'].map((name) => ({ type: 'file', file: join(directory, name) }) as const);
    const start = await startVault('sqlite', one && { wrapper: one });
    await fill(start, 2);
    if (one === undefined || two === undefined) return expect.unreachable();
    const both = await start.beside({ wrapper: two, previousWrappers: [one] });
    expect(await both.vault.rewrap()).toBe(1);
    await expectAllReadable(await start.beside({ wrapper: two }), 2);
  });
});

test('a rewrap brings every data key to the newest version of a Transit key', async () => {
  const service = await startTransit('t');
  service.rotate('k');
  const wrapper = transitAt(service.address);
  const start = await startVault('sqlite', { wrapper });
  await fill(start, 1);
  for (const subject of ['ana', 'bo']) {
    await start.vault.envelope.writing(subjectScope(subject), async (_trx, sealing) => {
      await sealing.seal({ table: 't', column: 'c', row: 'r', owner: 'o' }, new Secret('x'));
    });
  }
  service.rotate('k');
  expect(await start.vault.wrapperUses()).toEqual([{ wrapper: 'transit:transit/k', version: 'v1', keys: 3 }]);
  expect(await start.vault.rewrap()).toBe(3);
  expect(await start.vault.wrapperUses()).toEqual([{ wrapper: 'transit:transit/k', version: 'v2', keys: 3 }]);
  await expectAllReadable(await start.beside(), 1);
});

test('a hundred reads at once unwrap their key once, and no service is asked while a transaction is open', async () => {
  const service = await startTransit('t');
  service.rotate('k');
  const wrapper = transitAt(service.address);
  const start = await startVault('sqlite', { wrapper });
  await fill(start, 1);
  const fresh = await start.beside();
  const before = service.requests.length;
  await Promise.all(Array.from({ length: 100 }, () => passwordOf(fresh.vault, 's0')));
  expect(service.requests.length - before).toBe(1);

  // A put with cold keys: the whole of it works while the service is asked and the lock is another's.
  const cold = await start.beside();
  let asked = 0;
  const slow = await start.beside({
    wrapper: {
      ...wrapper,
      http: async (url, request) => {
        asked++;
        // Would wait for ever if the process held the write lock here.
        await cold.database.db
          .updateTable('agents')
          .set({ description: randomBytes(2).toString('hex') })
          .execute();
        return await http(url, request);
      },
    },
  });
  await slow.vault.secrets.put({ namespace: 'default', name: 's0', material: password('value 0') }, slow.record);
  await slow.vault.rotate(SCOPE, slow.record);
  expect(asked).toBeGreaterThan(2);
  await expectAllReadable(cold, 1);
});

function writeKey(file: string): string {
  writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return file;
}
