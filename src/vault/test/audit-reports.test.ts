import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '#kernel';
import {
  exportPublicKey,
  exportSubject,
  openAuditLog,
  openAuditStore,
  recordErasure,
  subjectExportSchema,
  subjectOf,
  trustKeys,
  verifyReceipt,
  type AuditLog,
  type SubjectExport,
} from '#audit';
import { refusal, startVault, temporaryDirectory } from './vault.fixture.ts';

const ana = { kind: 'user', iss: 'chatelaine', sub: 'u-ana', name: 'Ana Lidell' } as const;
const bo = { kind: 'user', iss: 'chatelaine', sub: 'u-bo', name: 'Bo Dodgson' } as const;
const elsewhere = { kind: 'user', iss: 'https://idp.test', sub: 'u-ana', name: 'Somebody Else' } as const;

async function start() {
  const vault = await startVault();
  const root = join(temporaryDirectory(), 'audit');
  const { clock } = vault;
  const log = await openAuditLog({ root, clock, logger: silentLogger, sealer: vault.vault.subjectSealer });
  onTestFinished(() => log.close());
  const event = {
    class: 'administration',
    type: 'user.changed',
    door: 'api',
    action: 'change',
    outcome: 'success',
  } as const;
  const object = (one: typeof ana | typeof bo) => ({ kind: 'user', namespace: 'default', name: one.name, id: one.sub });
  await log.append({ ...event, actor: ana, address: '192.0.2.1' });
  await log.append({ ...event, actor: ana, object: object(bo), personal: { mail: 'bo@corp.test' } });
  await log.append({ ...event, actor: bo, object: object(ana), personal: { mail: 'ana@corp.test' } });
  await log.append({ ...event, actor: elsewhere });
  const agent = { kind: 'agent', iss: 'chatelaine', sub: 'agent-1', name: 'bot' } as const;
  await log.append({ ...event, actor: agent, delegation: [{ iss: ana.iss, sub: ana.sub }] });
  return { vault, root, log };
}

async function exported(log: AuditLog, clock: { now(): number }): Promise<{ text: string; parsed: SubjectExport }> {
  let text = '';
  for await (const piece of exportSubject(log, [{ iss: ana.iss, sub: ana.sub }], clock)) text += piece;
  return { text, parsed: subjectExportSchema.parse(JSON.parse(text)) };
}

test('the export of a person has all that is on record of them, and nothing personal of others', async () => {
  const { vault, log } = await start();
  const { text, parsed } = await exported(log, vault.clock);
  expect(parsed.erased).toBe(false);
  expect(parsed.records).toHaveLength(4);
  for (const own of ['Ana Lidell', '192.0.2.1', 'ana@corp.test']) expect(text).toContain(own);
  for (const others of ['Bo Dodgson', 'bo@corp.test', 'Somebody Else']) expect(text).not.toContain(others);
  expect(
    parsed.records.filter(({ sealed }) => sealed?.object === 'withheld' || sealed?.actor === 'withheld'),
  ).toHaveLength(2);
});

test('an erasure is on record and proven, and the export of who was erased is empty', async () => {
  const { vault, log, root } = await start();
  const admin = { door: 'api', actor: bo } as const;
  const { erasedAt, receipt } = await recordErasure(log, admin, subjectOf(ana), () =>
    vault.vault.eraseSubject(subjectOf(ana), vault.record),
  );
  expect(erasedAt).toBe(vault.clock.now());
  const { store, signingKey } = await openAuditStore({ root, clock: vault.clock });
  await store.close();
  const proven = verifyReceipt(JSON.parse(JSON.stringify(receipt)), trustKeys([exportPublicKey(signingKey)]));
  expect(proven).toMatchObject({
    ok: true,
    value: { type: 'user.erased', outcome: 'success', object: { id: ana.sub } },
  });
  const { text, parsed } = await exported(log, vault.clock);
  expect(parsed).toMatchObject({ erased: true, records: [] });
  expect(text).not.toContain('Ana Lidell');
});

test('an erasure that fails is on record as such', async () => {
  const { log } = await start();
  const admin = { door: 'api', actor: bo } as const;
  expect(
    await refusal(() => recordErasure(log, admin, 'u-ana', () => Promise.reject(new Error('the disk')))),
  ).toContain('the disk');
  const { records } = await log.query({ type: 'user.erased' }, { limit: 9 });
  expect(records.map(({ outcome }) => outcome)).toEqual(['failure', 'intent']);
});
