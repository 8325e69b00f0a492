import { describe, expect, test } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { alteredStays, password, passwordOf, refusal, startVault, type TestVault } from './vault.fixture.ts';

const names = ['ana', 'bo'] as const;

/** Two secrets of one namespace and one of another, with two versions each. */
async function threeSecrets(start: TestVault): Promise<void> {
  for (const [namespace, name] of [
    ['default', 'ana'],
    ['default', 'bo'],
    ['other', 'ana'],
  ] as const) {
    const secret = { namespace, name };
    await start.vault.secrets.put({ ...secret, material: password(`${namespace}/${name} 1`) }, start.record);
    const second = { ...secret, material: password(`${namespace}/${name} 2`), overlapMs: 60_000 };
    await start.vault.secrets.rotate(second, start.record);
  }
}

const versionsOf = async ({ database: { db } }: TestVault, namespace: string, name: string) =>
  await db
    .selectFrom('secret_versions')
    .innerJoin('secrets', 'secrets.id', 'secret_versions.secret_id')
    .selectAll('secret_versions')
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .orderBy('version')
    .execute();

const secretOf = async ({ database: { db } }: TestVault, namespace: string, name: string) =>
  await db
    .selectFrom('secrets')
    .selectAll()
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();

describe.each(dialects)('who can write in the %s database', (dialect) => {
  test('VLT-001: exchanges the values of two secrets, of two versions, of two namespaces, and gets none', async () => {
    const start = await startVault(dialect);
    const { db } = start.database;
    await threeSecrets(start);
    const [[mine, older], [bo], [foreign]] = await Promise.all([
      versionsOf(start, 'default', 'ana').then((rows) => rows.toReversed()),
      versionsOf(start, 'default', 'bo').then((rows) => rows.toReversed()),
      versionsOf(start, 'other', 'ana').then((rows) => rows.toReversed()),
    ]);
    const put = async (text: string | null | undefined, keyId: string | null | undefined): Promise<string> => {
      await db
        .updateTable('secret_versions')
        .set({ value: text ?? '', key_id: keyId ?? null })
        .where('id', '=', mine?.id ?? '')
        .execute();
      return await passwordOf(start.vault, 'ana');
    };
    for (const row of [older, bo, foreign]) expect(await put(row?.value, row?.key_id)).toBe('SEALED_DATA_ALTERED');
    // The other column of the same owner, and a text with another key id over the same bytes.
    const { manifest } = await secretOf(start, 'default', 'ana');
    expect(await put(manifest, mine?.key_id)).toBe('SEALED_DATA_ALTERED');
    const relabelled = mine?.value?.replace(mine.key_id ?? '', foreign?.key_id ?? '');
    expect(await put(relabelled, foreign?.key_id)).toBe('SEALED_DATA_ALTERED');
    expect(await put(mine?.value, mine?.key_id)).toBe('default/ana 2');
  });

  test('VLT-001: moves a secret to another name, namespace or owner, and gets nothing', async () => {
    const start = await startVault(dialect);
    const { db } = start.database;
    await threeSecrets(start);
    const { id } = await secretOf(start, 'other', 'ana');
    await db.updateTable('secrets').set({ namespace: 'default', name: 'stolen' }).where('id', '=', id).execute();
    expect(await passwordOf(start.vault, 'stolen')).toBe('SEALED_DATA_ALTERED');
    const bo = await secretOf(start, 'default', 'bo');
    await db
      .updateTable('secret_versions')
      .set({ secret_id: bo.id, version: 9 })
      .where('secret_id', '=', id)
      .where('version', '=', 2)
      .execute();
    for (const version of [undefined, 9]) {
      expect(await passwordOf(start.vault, 'bo', version)).toBe('SEALED_DATA_ALTERED');
    }
  });

  test('VLT-001: gives one data key the wrapping of another, and opens nothing with it', async () => {
    const start = await startVault(dialect);
    const { db } = start.database;
    await threeSecrets(start);
    const keys = await db.selectFrom('data_keys').selectAll().orderBy('id').execute();
    const [one, two] = keys;
    expect(keys).toHaveLength(2);
    await db
      .updateTable('data_keys')
      .set({ wrapped_key: two?.wrapped_key ?? null })
      .where('id', '=', one?.id ?? '')
      .execute();
    // A new process tries a key of every wrapper before it serves, and this is the first.
    expect(await refusal(() => start.beside())).toBe('KEY_UNWRAP_FAILED');
    await db
      .updateTable('data_keys')
      .set({ wrapped_key: one?.wrapped_key ?? null })
      .where('id', '=', one?.id ?? '')
      .execute();
    await db.updateTable('data_keys').set({ scope_id: 'elsewhere' }).where('scope_id', '=', 'other').execute();
    const read = start.beside().then(async (moved) => {
      await moved.vault.reader.read({ namespace: 'other', name: 'ana' }, { namespace: 'other', by: 'tool test' });
    });
    await expect(read).rejects.toMatchObject({ code: 'KEY_UNWRAP_FAILED' });
  });

  test.each([
    ['enables a disabled secret', { state: 'active' }, {}],
    ['takes back its generation', { generation: 1 }, {}],
    ['makes it another kind', { kind: 'bearer' }, {}],
    ['lengthens its life', {}, { expires_at: Date.UTC(2090, 0) }],
    ['takes its expiry off', {}, { expires_at: null }],
    ['lengthens an overlap', {}, { ends_at: Date.UTC(2090, 0) }],
    ['renumbers its versions', {}, { version: 7 }],
  ] as const)('VLT-002: %s, and it is not given out', async (what, secret, version) => {
    const start = await startVault(dialect);
    const { db } = start.database;
    const expiresAt = start.clock.now() + 1000;
    const name = { namespace: 'default', name: 'ana' };
    await start.vault.secrets.put({ ...name, material: password('one'), expiresAt }, start.record);
    await start.vault.secrets.rotate({ ...name, material: password('two'), expiresAt, overlapMs: 500 }, start.record);
    if (what.includes('disabled')) await start.vault.secrets.setState(name, 'disabled', start.record);
    if (Object.keys(secret).length > 0) await db.updateTable('secrets').set(secret).execute();
    if (Object.keys(version).length > 0)
      await db.updateTable('secret_versions').set(version).where('version', '=', 1).execute();
    for (const vault of [start.vault, (await start.beside()).vault]) {
      expect(await passwordOf(vault, 'ana')).toBe('SEALED_DATA_ALTERED');
    }
  });

  test.each([
    ['where it was', {}],
    ['as the latest', { version: 99, ends_at: null }],
    ['as the latest, ended', { version: 99, ends_at: 1 }],
  ])('VLT-002: puts a replaced version back %s, and no change of the secret seals it', async (_, row) => {
    const start = await startVault(dialect);
    const { db } = start.database;
    const name = { namespace: 'default', name: 'ana' };
    await start.vault.secrets.put({ ...name, material: password('leaked') }, start.record);
    const [leaked] = await versionsOf(start, 'default', 'ana');
    await start.vault.secrets.put({ ...name, material: password('fresh') }, start.record);
    const back = { value: leaked?.value ?? null, key_id: leaked?.key_id ?? null, shredded_at: null, ...row };
    await db.updateTable('secret_versions').set(back).where('version', '=', 1).execute();
    const { secrets } = start.vault;
    const rotation = { ...name, material: password('next'), overlapMs: 1000 };
    for (const change of [
      () => secrets.setState(name, 'disabled', start.record),
      () => secrets.setState(name, 'active', start.record),
      () => secrets.rotate(rotation, start.record),
      () => secrets.put(rotation, start.record),
    ]) {
      expect(await refusal(change)).toBe('SEALED_DATA_ALTERED');
    }
    for (const version of [undefined, 1, 99]) {
      expect(await passwordOf(start.vault, 'ana', version)).toBe('SEALED_DATA_ALTERED');
    }
  });

  test('VLT-002: puts ended versions back, and the shredding neither seals one nor goes round for ever', async () => {
    const start = await startVault(dialect);
    const { db } = start.database;
    const name = { namespace: 'default', name: 'ana' };
    for (const text of ['one', 'leaked']) {
      await start.vault.secrets.put({ ...name, material: password(text) }, start.record);
    }
    const [, leaked] = await versionsOf(start, 'default', 'ana');
    await start.vault.secrets.put({ ...name, material: password('fresh') }, start.record);
    const value = { value: leaked?.value ?? null, key_id: leaked?.key_id ?? null, shredded_at: null };
    // One that ended calls for the shredding; the other would be the latest of what that seals.
    await db.updateTable('secret_versions').set(value).where('version', '=', 1).execute();
    const latest = { ...value, version: 99, ends_at: null };
    await db.updateTable('secret_versions').set(latest).where('version', '=', 2).execute();
    expect(await start.vault.secrets.shredEnded(start.record, alteredStays)).toBe(0);
    expect(await passwordOf(start.vault, 'ana')).toBe('SEALED_DATA_ALTERED');
    await db.updateTable('secret_versions').set({ ends_at: 1 }).where('version', '=', 99).execute();
    expect(await start.vault.secrets.shredEnded(start.record, alteredStays)).toBe(0);
    expect(await passwordOf(start.vault, 'ana')).toBe('SEALED_DATA_ALTERED');
  });

  test('VLT-002: sets all rows of a secret back, or a deleted secret, under a server that has seen more', async () => {
    const start = await startVault(dialect);
    const { db } = start.database;
    for (const name of names) {
      await start.vault.secrets.put({ namespace: 'default', name, material: password('old') }, start.record);
    }
    const before = await db.selectFrom('secrets').selectAll().execute();
    const versions = await db.selectFrom('secret_versions').selectAll().execute();
    await start.vault.secrets.put({ namespace: 'default', name: 'ana', material: password('new') }, start.record);
    await start.vault.secrets.delete({ namespace: 'default', name: 'bo' }, start.record);
    for (const row of before) await db.updateTable('secrets').set(row).where('id', '=', row.id).execute();
    for (const row of versions) await db.updateTable('secret_versions').set(row).where('id', '=', row.id).execute();
    for (const name of names) expect(await passwordOf(start.vault, name)).toBe('SEALED_DATA_ALTERED');
    const write = start.vault.secrets.setState({ namespace: 'default', name: 'ana' }, 'disabled', start.record);
    await expect(write).rejects.toMatchObject({ code: 'SEALED_DATA_ALTERED' });
    // Every change told the record its generation: what remembers it outside tells the same afterwards.
    const last = start.changes.findLast((change) => 'name' in change && change.name === 'ana');
    expect(last).toMatchObject({ generation: 2 });
  });
});
