import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '#kernel';
import {
  exportPublicKey,
  exportSubject,
  openAuditLog,
  openAuditStore,
  receiptOfErasure,
  recordedChange,
  subjectExportSchema,
  subjectOf,
  trustKeys,
  verifyReceipt,
  type AuditLog,
  type ErasureOnRecord,
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

/** As the directory of users records it. */
const erasing = (log: AuditLog, work: () => Promise<unknown>): Promise<unknown> =>
  recordedChange(
    log,
    { door: 'api', actor: bo },
    { type: 'user.erase', action: 'erase', object: { kind: 'user', namespace: '*', name: ana.sub, id: ana.sub } },
    async () => ({ value: await work() }),
  );

test('an erasure is on record and proven, and the export of who was erased is empty', async () => {
  const { vault, log, root } = await start();
  expect(await receiptOfErasure(log, ana.sub)).toBeUndefined();
  await erasing(log, () => vault.vault.eraseSubject(subjectOf(ana), vault.record));
  const { record, receipt } = (await receiptOfErasure(log, ana.sub)) as ErasureOnRecord;
  const { store, signingKey } = await openAuditStore({ root, clock: vault.clock });
  await store.close();
  const proven = verifyReceipt(JSON.parse(JSON.stringify(receipt)), trustKeys([exportPublicKey(signingKey)]));
  expect(proven).toMatchObject({
    ok: true,
    value: { id: record, type: 'user.erase', outcome: 'success', object: { id: ana.sub } },
  });
  const { text, parsed } = await exported(log, vault.clock);
  expect(parsed).toMatchObject({ erased: true, records: [] });
  expect(text).not.toContain('Ana Lidell');
});

test('an erasure without a receipt is one all the same, and says where it is on record', async () => {
  const { log } = await start();
  await erasing(log, async () => {});
  const unable = { query: log.query.bind(log), receipt: () => log.receipt('06bxk2m9q4zv7c1n8hj3t5w0y2') };
  expect(await receiptOfErasure(unable, ana.sub)).toMatchObject({ record: expect.any(String), receipt: undefined });
});

test('an erasure that fails is on record as such, and has no receipt', async () => {
  const { log } = await start();
  expect(await refusal(() => erasing(log, () => Promise.reject(new Error('the disk'))))).toContain('the disk');
  const { records } = await log.query({ type: 'user.erase' }, { limit: 9 });
  expect(records.map(({ outcome }) => outcome)).toEqual(['failure', 'intent']);
  expect(await receiptOfErasure(log, ana.sub)).toBeUndefined();
});
