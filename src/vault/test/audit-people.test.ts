import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret, silentLogger } from '#kernel';
import { logStream, openAuditLog, openAuditStore, subjectOf, verifyLog, type AuditLog } from '#audit';
import { countMissingSubjectKeys } from '#vault';
import { dialects } from '../../../test/databases.ts';
import { DataKey } from '../envelope/data-key.ts';
import { decryptDerived, DerivedKey, parseDerivedText } from '../envelope/derived-key.ts';
import { http, startTransit } from '../../../test/key-services.ts';
import { startVault, temporaryDirectory, type TestVault } from './vault.fixture.ts';

const ana = { kind: 'user', iss: 'chatelaine', sub: 'u-ana', name: 'Ana Canary' } as const;

const signIn = {
  class: 'authentication',
  type: 'user.signed-in',
  door: 'console',
  actor: ana,
  action: 'sign-in',
  outcome: 'success',
  address: '192.0.2.99',
  userAgent: 'canary/1.0',
} as const;

async function openAudit(
  start: TestVault,
  root = join(temporaryDirectory(), 'audit'),
): Promise<{ log: AuditLog; root: string }> {
  const { clock } = start;
  const log = await openAuditLog({ root, clock, logger: silentLogger, sealer: start.vault.subjectSealer });
  onTestFinished(() => log.close());
  return { log, root };
}

const found = (root: string, text: string): boolean =>
  globSync('**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'lock' && !entry.name.endsWith('.lock'))
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));

describe.each(dialects)('erasing a person, with keys on %s', (dialect) => {
  test('makes what is personal in the log unreadable everywhere at once, and the log still verifies', async () => {
    const start = await startVault(dialect);
    const other = await start.beside();
    const { log, root } = await openAudit(start);
    const beside = await openAudit(other, root);
    const { id } = await log.append(signIn);
    await beside.log.append(signIn);
    const record = await log.find(id);
    for (const one of [log, beside.log]) {
      expect(await one.opened(record)).toMatchObject({ actor: ana, address: '192.0.2.99', userAgent: 'canary/1.0' });
    }
    await start.vault.eraseSubject(subjectOf(ana), start.record);
    for (const one of [log, beside.log]) {
      expect(await one.opened(record)).toMatchObject({ actor: { sub: 'u-ana' }, sealed: { actor: 'erased' } });
    }
    // The other process still has the key in memory and seals with it; nobody reads it either.
    const late = await beside.log.append(signIn);
    expect(await log.opened(await log.find(late.id))).toMatchObject({ sealed: { actor: 'erased' } });
    expect((await log.find((await log.append(signIn)).id)).sealed).toEqual({ actor: 'erased' });
    await Promise.all([log.close(), beside.log.close()]);
    expect([found(root, 'Canary'), found(root, '192.0.2.99'), found(root, 'canary/1.0')]).toEqual([
      false,
      false,
      false,
    ]);
    const { store, signingKey } = await openAuditStore({ root, clock: start.clock });
    const keys = new Map([[signingKey.id, signingKey.publicKey]]);
    const report = await verifyLog(logStream(store), { installation: store.installation, keys });
    expect(report).toMatchObject({ ok: true, findings: [] });
    await store.close();
  });

  test('leaves other people, and the same name under another issuer, as they are', async () => {
    const start = await startVault(dialect);
    const { log } = await openAudit(start);
    const foreign = { ...ana, iss: 'https://idp.test' };
    const { id } = await log.append({ ...signIn, actor: foreign });
    await start.vault.eraseSubject(subjectOf(ana), start.record);
    expect(await log.opened(await log.find(id))).toMatchObject({ actor: { name: 'Ana Canary' } });
    await start.vault.eraseSubject(subjectOf(foreign), start.record);
    expect(await log.opened(await log.find(id))).toMatchObject({ sealed: { actor: 'erased' } });
  });
});

describe.each(dialects)('a keyring that was lost, with the state on %s', (dialect) => {
  test('is noticed though it sealed for the log alone: no key takes the place of one, and records say `missing`', async () => {
    const start = await startVault(dialect);
    const { log, root } = await openAudit(start);
    const { id } = await log.append(signIn);
    const robot = await log.append({ ...signIn, actor: { ...ana, kind: 'agent', sub: 'a-1' } });
    await start.database.db.deleteFrom('vault_keyring').execute();

    const next = await start.beside();
    expect(await countMissingSubjectKeys(next.database.db)).toBe(1);
    const beside = (await openAudit(next, root)).log;
    await expect(beside.append(signIn)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await countMissingSubjectKeys(next.database.db)).toBe(1);
    const page = await Promise.all([id, robot.id].map(async (one) => beside.opened(await beside.find(one))));
    expect(page).toMatchObject([
      { actor: { sub: 'u-ana' }, sealed: { actor: 'missing' } },
      { actor: { name: ana.name } },
    ]);
  });
});

test('a key that has had its messages, or was rotated by another process, seals no more for the log', async () => {
  const start = await startVault('sqlite', { messagesPerKey: 1 });
  const other = await start.beside();
  const keyOf = async ({ vault }: TestVault): Promise<string | undefined> => {
    const sealed = await vault.subjectSealer.seal('ana', 'r/actor', 'text');
    return sealed === 'erased' ? undefined : parseDerivedText(sealed.sealed)?.keyId;
  };
  expect(await keyOf(start)).not.toBe(await keyOf(other));
});

test('a key that is at hand seals at once; one that is not, or was rotated away, is fetched', async () => {
  const start = await startVault();
  const { subjectSealer } = start.vault;
  const first = subjectSealer.seal('ana', 'r1/actor', 'text');
  expect(first).toBeInstanceOf(Promise);
  await first;
  expect(subjectSealer.seal('ana', 'r2/actor', 'text')).not.toBeInstanceOf(Promise);
  start.clock.advance(3_600_000);
  await start.vault.rotate({ kind: 'subject', id: 'ana' }, start.record);
  const later = await subjectSealer.seal('ana', 'r3/actor', 'text');
  if (later === 'erased') return expect.unreachable();
  expect(await subjectSealer.open('ana', 'r3/actor', later.sealed)).toEqual({ text: 'text' });
});

test('with the key service down nothing is sealed, so the record is refused, and comes back with it', async () => {
  const service = await startTransit('token');
  service.rotate('k');
  const wrapper = {
    type: 'transit',
    address: service.address,
    key: 'k',
    token: () => new Secret('token'),
    http,
  } as const;
  const start = await startVault('sqlite', { wrapper });
  const { log } = await openAudit(start);
  service.answerWith(() => ({ status: 503, body: '{}' }));
  await expect(log.append(signIn)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  service.answerWith();
  await expect(log.append(signIn)).resolves.toMatchObject({ seq: 1 });
});

describe('a derived key', () => {
  const dataKey = () => new DataKey('0'.repeat(26), { kind: 'subject', id: 'ana' }, randomBytes(32));

  test('repeats no nonce, and no two of one data key are alike', () => {
    const data = dataKey();
    const used = new Set<string>();
    for (let process = 0; process < 20; process++) {
      const key = new DerivedKey(data);
      for (let message = 0; message < 500; message++) {
        const text = parseDerivedText(key.encrypt('ana', 'r', 'x'));
        used.add(`${text?.salt.toString('hex')} ${text?.nonce.readUIntBE(0, 6)}`);
      }
    }
    expect(used.size).toBe(10_000);
  });

  test('opens in its place and for its subject alone, and with every byte as it was', () => {
    const data = dataKey();
    const sealed = parseDerivedText(new DerivedKey(data).encrypt('ana', 'r1/actor', 'text'));
    if (sealed === undefined) return expect.unreachable();
    const { salt, nonce, tag, ciphertext } = sealed;
    const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)));
    expect([
      decryptDerived(data, 'ana', 'r1/actor', sealed),
      decryptDerived(data, 'bo', 'r1/actor', sealed),
      decryptDerived(data, 'ana', 'r2/actor', sealed),
      decryptDerived(data, 'ana', 'r1/actor', { ...sealed, salt: flipped(salt) }),
      decryptDerived(data, 'ana', 'r1/actor', { ...sealed, nonce: flipped(nonce) }),
      decryptDerived(data, 'ana', 'r1/actor', { ...sealed, tag: flipped(tag) }),
      decryptDerived(data, 'ana', 'r1/actor', { ...sealed, ciphertext: flipped(ciphertext) }),
      decryptDerived(dataKey(), 'ana', 'r1/actor', sealed),
    ]).toEqual(['text', ...Array.from({ length: 7 }, () => undefined)]);
  });

  test('ends with its data key, which tells everything that holds one to forget it', () => {
    const data = dataKey();
    const key = new DerivedKey(data);
    let dropped = 0;
    const other = { drop: () => dropped++ };
    data.endWith(other);
    data.zero();
    expect([key.usable, dropped]).toEqual([false, 1]);
    expect(() => key.encrypt('ana', 'r', 'x')).toThrow('after its end');
  });

  test.each([
    '',
    'v1.a.b.c.d',
    `a1.${'0'.repeat(26)}.AA.AA.AA.AA`,
    `a1.${'0'.repeat(26)}.${'A'.repeat(22)}.${'A'.repeat(16)}.${'A'.repeat(21)}B.`,
  ])('is not asked for a text that is none: %j', (text) => {
    expect(parseDerivedText(text)).toBeUndefined();
  });
});
