import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSigningKey, readSigningKey, trustKeys, exportPublicKey } from '../checkpoint/signing-key.ts';
import { verifyReceipt, type Receipt } from '../receipt/receipt.ts';
import { event, fill, openLog, openLogAt, signingKey, suiteScratch, trusted } from './audit.fixture.ts';

it('a receipt names the one checkpoint that covers its record, also in a long log', async () => {
  const { log } = await openLog();
  const made: string[] = [];
  for (let round = 0; round < 20; round++) {
    made.push((await log.append(event())).id);
    await log.checkpoint();
  }
  const numbers: number[] = [];
  for (const id of made) numbers.push((await log.receipt(id)).checkpoint.body.number);
  expect(numbers).toEqual(made.map((_, at) => at + 1));
});

describe('a receipt', () => {
  it('proves each record of every chain, with the public key alone', async () => {
    const { root, log } = await openLog();
    await fill(log, 23);
    const other = await openLogAt(root);
    await fill(other, 12);
    await log.checkpoint();
    await other.close();
    await fill(log, 6, { userAgent: '☃ "quoted" \\ \u0001' });
    await log.checkpoint();
    const keys = trustKeys([exportPublicKey(signingKey)]);
    const { records } = await log.query({ type: 'tool.call' }, { limit: 100 });
    expect(records).toHaveLength(41);
    for (const record of records) {
      // As it would travel: text that somebody reads again.
      const receipt: unknown = JSON.parse(JSON.stringify(await log.receipt(record.id)));
      expect(verifyReceipt(receipt, keys)).toEqual({ ok: true, value: record });
    }
  });

  it('is there at once: a record that no checkpoint covers yet gets one', async () => {
    const { log } = await openLog();
    const { id } = await log.append(event());
    expect((await log.receipt(id)).checkpoint.body).toMatchObject({ number: 1, size: 1 });
  });

  it('of an unknown record is refused', async () => {
    const { log } = await openLog();
    await log.append(event());
    await expect(log.receipt('0'.repeat(26))).rejects.toMatchObject({ code: 'AUDIT_RECORD_UNKNOWN', status: 404 });
  });

  describe('that somebody has worked on', () => {
    let genuine: Receipt;
    beforeAll(async () => {
      const { directory, remove } = suiteScratch();
      const log = await openLogAt(directory);
      await fill(log, 11);
      const [record] = (await log.query({ requestId: 'req-6' }, { limit: 1 })).records;
      genuine = await log.receipt(record?.id as string);
      await log.close();
      return remove;
    });

    it('proves nothing, whatever character of it was changed', () => {
      const text = JSON.stringify(genuine);
      fc.assert(
        fc.property(fc.nat({ max: text.length - 1 }), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
          const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
          fc.pre(changed !== text);
          let value: unknown;
          try {
            value = JSON.parse(changed);
          } catch {
            return;
          }
          // 1.0 for 1 is the same value; anything else is not.
          if (JSON.stringify(value) === text) return;
          expect(verifyReceipt(value, trusted).ok).toBe(false);
        }),
        { numRuns: 3000 },
      );
    });

    it('proves nothing to whoever trusts another key', () => {
      const other = readSigningKey(makeSigningKey());
      const keys = new Map([[other.id, other.publicKey]]);
      expect(verifyReceipt(genuine, keys)).toMatchObject({ ok: false, error: expect.stringContaining('not trusted') });
      // Not even when that key has taken the id of the right one.
      expect(verifyReceipt(genuine, new Map([[signingKey.id, other.publicKey]])).ok).toBe(false);
    });

    it('proves nothing with the record of its neighbour', async () => {
      const { record } = genuine;
      const moved = { ...genuine, record: { ...record, seq: record.seq + 1 } };
      expect(verifyReceipt(moved, trusted)).toMatchObject({ ok: false });
    });
  });
});
