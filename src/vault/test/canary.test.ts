import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createLogger, reveal, Secret } from '#kernel';
import { namespaceScope, parseSecretMaterial, sameNamespace, subjectScope, type Place } from '#vault';
import { noFailure, startVault, temporaryDirectory } from './vault.fixture.ts';

const CANARY = `Canary-${randomBytes(18).toString('hex')}-\u{e9}`;

/** The forms in which it would still be the secret. Base64 has three, by where in a group of three it begins. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(4, -4);
  });
  const ascii = secret.slice(0, -2);
  return [
    ascii,
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ascii.split('').toReversed().join(''),
    encodeURIComponent(secret),
    [...bytes].map((byte) => `%${byte.toString(16)}`).join(''),
    bytes.toString('utf16le').slice(0, 10),
    Buffer.from(ascii, 'utf16le').toString('latin1'),
  ];
}

const findIn = (text: string): string[] => formsOf(CANARY).filter((form) => text.includes(form));

test('the forms of the canary are found where they are', () => {
  const hidden = [
    `x${CANARY}y`,
    Buffer.from(`ab${CANARY}c`).toString('base64'),
    Buffer.from(`a${CANARY}`).toString('base64url'),
    Buffer.from(CANARY).toString('hex'),
    encodeURIComponent(CANARY),
  ];
  for (const text of hidden) expect(findIn(text)).not.toEqual([]);
});

test('VLT-005: no file of the database, log line, recorded change, error or listing shows a secret in any form', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const start = await startVault('sqlite', { log });
  const { vault, record, changes, database, clock } = start;
  const name = { namespace: 'default', name: 'db' };
  const said: unknown[] = [];
  const material = [
    { kind: 'api-key', key: CANARY.slice(0, -2) },
    { kind: 'basic', username: 'ana', password: CANARY },
    { kind: 'bearer', token: CANARY.slice(0, -2) },
    { kind: 'oauth-client', clientId: 'c', clientSecret: CANARY },
    { kind: 'password', password: CANARY },
  ].map(parseSecretMaterial);
  for (const one of material) {
    said.push(one, await vault.secrets.put({ ...name, name: one.kind, material: one }, record));
    said.push(await vault.secrets.rotate({ ...name, name: one.kind, material: one, overlapMs: 1000 }, record));
    said.push(await vault.reader.read({ ...name, name: one.kind }, { namespace: 'default', by: 'tool test' }));
  }
  const where: Place = { table: 't', column: 'c', row: 'r', owner: 'o' };
  await vault.envelope.writing(subjectScope('ana'), async (trx, sealing) => {
    const { text } = await sealing.seal(where, new Secret(CANARY));
    await trx.insertInto('vault_leases').values({ name: text, holder: '', held_until: 0 }).execute();
  });
  await vault.rotate(namespaceScope('default'), record);
  await vault.eraseSubject('ana', record);
  clock.advance(1000);
  await vault.secrets.shredEnded(record, noFailure);

  // Every way to fail, with the secret at hand.
  const [password] = material.slice(-1);
  if (password === undefined) return expect.unreachable();
  const broken = async (): Promise<never> => {
    throw new Error('audit is full');
  };
  const failing = [
    () => vault.secrets.put({ ...name, material: password, expiresAt: 1 }, record),
    () => vault.secrets.put({ ...name, name: 'bearer', material: password }, record),
    () => vault.secrets.put({ ...name, name: '../x', material: password }, record),
    () => vault.secrets.put({ ...name, material: password }, broken),
    () => vault.secrets.rotate({ ...name, material: password, overlapMs: 1 }, record),
    () => vault.reader.read({ ...name, name: 'password', version: 1 }, { namespace: 'default', by: 'x' }),
    () =>
      database.transaction(async (trx) => {
        await trx.insertInto('vault_leases').values({ name: 'x', holder: '', held_until: 0 }).execute();
        await trx.insertInto('vault_leases').values({ name: 'x', holder: '', held_until: 0 }).execute();
      }),
    async () => {
      const sealed = await database.db
        .selectFrom('secret_versions')
        .select(['id', 'value'])
        .where('value', 'is not', null)
        .execute();
      await database.db
        .updateTable('secret_versions')
        .set({ value: sealed[0]?.value ?? '' })
        .execute();
      await vault.reader.read({ ...name, name: 'password' }, { namespace: 'default', by: 'x' });
    },
  ];
  for (const fail of failing) {
    const error: unknown = await fail().then(
      () => expect.unreachable('it was to fail'),
      (reason: unknown) => reason,
    );
    said.push(error);
    log.error({ err: error, material: password }, 'failed');
  }
  said.push(await vault.secrets.list(), vault, start);

  expect(reveal(new Secret(CANARY))).toBe(CANARY);
  expect(findIn(said.map((one) => inspect(one, { depth: 8, showHidden: true })).join('\n'))).toEqual([]);
  expect(
    findIn(
      said
        .slice(0, -2)
        .map((one) => JSON.stringify(one))
        .join('\n'),
    ),
  ).toEqual([]);
  expect(findIn(changes.map((change) => JSON.stringify(change)).join('\n'))).toEqual([]);
  expect(lines.length).toBeGreaterThanOrEqual(failing.length);
  expect(findIn(lines.join(''))).toEqual([]);
  const files = readdirSync(start.at.directory);
  expect(files.toSorted()).toEqual(
    ['chatelaine.db', 'keyring.db'].flatMap((file) => [file, `${file}-shm`, `${file}-wal`]),
  );
  for (const file of files) expect(findIn(readFileSync(join(start.at.directory, file), 'latin1'))).toEqual([]);
});

test('VLT-005: neither data keys nor the wrapping key lie in the files of the database', async () => {
  const file = join(temporaryDirectory(), 'vault.key');
  const start = await startVault('sqlite', { wrapper: { type: 'file', file }, mayUse: sameNamespace });
  const name = { namespace: 'default', name: 'db' };
  await start.vault.secrets.put(
    { ...name, material: parseSecretMaterial({ kind: 'password', password: 'x' }) },
    start.record,
  );
  const key = readFileSync(file, 'utf8').trim();
  for (const one of readdirSync(start.at.directory)) {
    const bytes = readFileSync(join(start.at.directory, one));
    for (const form of [key, Buffer.from(key, 'base64').toString('hex'), Buffer.from(key, 'base64')]) {
      expect(bytes.includes(form)).toBe(false);
    }
  }
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('VLT-006: no method of the service of secrets gives a value, whatever it is asked', async () => {
  const { vault, record } = await startVault();
  const name = { namespace: 'default', name: 'db' };
  const material = parseSecretMaterial({ kind: 'password', password: CANARY });
  const given = [
    await vault.secrets.put({ ...name, material }, record),
    await vault.secrets.rotate({ ...name, material, overlapMs: 1000 }, record),
    await vault.secrets.setState(name, 'disabled', record),
    await vault.secrets.setState(name, 'active', record),
    await vault.secrets.list(),
    await vault.secrets.find(name),
    await vault.secrets.shredEnded(record, noFailure),
    await vault.secrets.delete(name, record),
  ];
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(vault.secrets)).filter(
    (one) => one !== 'constructor',
  );
  // A method that is added has to be tried here.
  expect(methods.toSorted()).toEqual(['delete', 'find', 'list', 'put', 'rotate', 'setState', 'shredEnded']);
  const holdsSecret = (value: unknown): boolean =>
    value instanceof Secret || (typeof value === 'object' && value !== null && Object.values(value).some(holdsSecret));
  expect(given.some(holdsSecret)).toBe(false);
  expect(findIn(JSON.stringify(given))).toEqual([]);
});
