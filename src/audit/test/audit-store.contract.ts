import { describe, expect, it } from 'vitest';
import type { AuditEvent, AuditRecord } from '#contract';
import { genesis, nextHash, type Head } from '../chain/chain.ts';
import { Sealer } from '../chain/seal.ts';
import { buildRecord } from '../record/build-record.ts';
import { encodeRecord } from '../record/encode-record.ts';
import { RecordIds } from '../record/record-ids.ts';
import type { AuditStore, LogEntry, WriterLog } from '../store/store.ts';
import { checkpointLine, NO_CHECKPOINT, signCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import { event, signingKey, START } from './audit.fixture.ts';

/** What a store is tested with: it can be opened several times, as processes would. */
export interface StoreUnderTest {
  /** Another opening of the same storage. */
  open(): Promise<AuditStore>;
}

const ids = new RecordIds();
const sealer = new Sealer();

/** Appends one batch; the times are one millisecond apart. */
async function append(log: WriterLog, events: readonly Partial<AuditEvent>[], start = START): Promise<void> {
  const records = events.map((overrides, at) => {
    const now = start + at;
    const place = { id: ids.next(now), writer: log.id, time: new Date(now).toISOString() };
    return encodeRecord(buildRecord(event(overrides), place));
  });
  await log.append(sealer.seal(records, log.head));
}

/** One over nothing. */
function checkpointOf({ installation }: AuditStore, number: number): SignedCheckpoint {
  const time = new Date(START + number).toISOString();
  const empty = { previous: NO_CHECKPOINT, root: NO_CHECKPOINT, size: 0, writers: [], keyId: signingKey.id };
  return signCheckpoint({ v: 1, installation, number, time, ...empty }, signingKey.privateKey);
}

async function collect<Item>(groups: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const group of groups) items.push(...group);
  return items;
}

const recordOf = (entry: LogEntry | undefined): AuditRecord => {
  if (entry?.kind !== 'record') throw new Error('there is no record');
  return JSON.parse(entry.canonical) as AuditRecord;
};

/** What every adapter of `AuditStore` keeps to. `prepare` gives an empty storage, gone after the test. */
export function describeAuditStore(kind: string, prepare: () => Promise<StoreUnderTest>): void {
  describe(`an audit store in ${kind}`, () => {
    it('begins a chain at the genesis of its installation and writer', async () => {
      const store = await (await prepare()).open();
      const { log, notices } = await store.openWriter();
      expect(notices).toEqual([]);
      expect(log.head).toEqual(genesis(store.installation, log.id));
      await store.close();
    });

    it('gives back the chain that was appended, from any record on', async () => {
      const store = await (await prepare()).open();
      const { log } = await store.openWriter();
      await append(log, [{ requestId: 'a' }, { requestId: 'b' }]);
      await append(log, [{ requestId: 'c' }]);
      const entries = await collect(store.read(log.id, 0));
      let head: Head = genesis(store.installation, log.id);
      for (const entry of entries) {
        if (entry.kind === 'fault') expect.fail(entry.message);
        head = { seq: head.seq + 1, hash: nextHash(head.hash, entry.canonical) };
        expect(entry.hash).toBe(head.hash);
      }
      expect(head).toEqual(log.head);
      expect((await collect(store.read(log.id, 2))).map(recordOf)).toMatchObject([{ requestId: 'c', seq: 3 }]);
      expect(await collect(store.read(log.id, 3))).toEqual([]);
      await store.close();
    });

    it('gives the hashes of any stretch, and refuses one that is not there', async () => {
      const store = await (await prepare()).open();
      const { log } = await store.openWriter();
      await append(log, [{}, {}, {}, {}, {}]);
      const all = (await collect(store.read(log.id, 0))).map((entry) => (entry.kind === 'record' ? entry.hash : ''));
      const hex = async (from: number, to: number) =>
        (await collect(store.hashes(log.id, from, to))).map((hash) => hash.toString('hex'));
      for (const [from, to] of [
        [0, 5],
        [1, 3],
        [3, 5],
        [2, 2],
      ] as const)
        expect(await hex(from, to)).toEqual(all.slice(from, to));
      await expect(hex(3, 6)).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
      await store.close();
    });

    it('has the whole of it when opened again, and goes on with the chain', async () => {
      const storage = await prepare();
      const first = await storage.open();
      const before = (await first.openWriter()).log;
      await append(before, [{}, {}]);
      const { head } = before;
      await first.close();
      const second = await storage.open();
      expect(second.installation).toBe(first.installation);
      expect(await second.writers()).toEqual([{ id: before.id, head, held: 'idle' }]);
      const { log } = await second.openWriter();
      expect({ id: log.id, head: log.head }).toEqual({ id: before.id, head });
      await append(log, [{}]);
      expect(await collect(second.read(log.id, 0))).toHaveLength(3);
      await second.close();
    });

    it('gives two that have it open a chain each, and tells whose is whose', async () => {
      const storage = await prepare();
      const [one, two] = [await storage.open(), await storage.open()];
      const [mine, theirs] = [(await one.openWriter()).log, (await two.openWriter()).log];
      expect(mine.id).not.toBe(theirs.id);
      await Promise.all([append(mine, [{}, {}]), append(theirs, [{}])]);
      const states = new Map((await one.writers()).map((state) => [state.id, state]));
      expect(states.get(mine.id)).toEqual({ id: mine.id, head: mine.head, held: 'ours' });
      expect(states.get(theirs.id)).toMatchObject({ held: 'busy' });
      await two.close();
      expect((await one.writers()).find(({ id }) => id === theirs.id)).toMatchObject({
        held: 'idle',
        head: theirs.head,
      });
      await one.close();
    });

    it('keeps checkpoints in order and lets one at a time be made', async () => {
      const storage = await prepare();
      const [one, two] = [await storage.open(), await storage.open()];
      expect(await one.lastCheckpoint()).toBeUndefined();
      const [first, second] = [checkpointOf(one, 1), checkpointOf(one, 2)];
      await one.checkpointTurn(async (add) => {
        await add(first);
        expect(await two.checkpointTurn(() => Promise.resolve('mine'))).toBeUndefined();
        await add(second);
      });
      expect(await two.checkpointTurn(() => Promise.resolve('mine'))).toBe('mine');
      const lines: string[] = [];
      for await (const line of two.checkpoints()) lines.push(line);
      expect(lines).toEqual([first, second].map(checkpointLine));
      expect(await two.lastCheckpoint()).toBe(lines[1]);
      await Promise.all([one.close(), two.close()]);
    });

    describe('asked', () => {
      const told: readonly Partial<AuditEvent>[] = [
        { requestId: 'r0', actor: { kind: 'user', iss: 'https://a.test', sub: 'alice', name: 'Alice' } },
        { requestId: 'r1', outcome: 'denied', error: 'SCOPE_MISSING' },
        { requestId: 'r2', action: 'list', class: 'administration', type: 'key.listed' },
        { requestId: 'r3', object: { kind: 'tool', namespace: 'team', name: 'send-mail' } },
        { requestId: 'r4', actor: { kind: 'user', iss: 'https://b.test', sub: 'alice', name: 'Alice' } },
        { requestId: 'r5', argumentsDigest: `hs256:00000000:${'A'.repeat(43)}` },
        { requestId: 'r6', object: { kind: 'tool', namespace: "x' or 1=1 --", name: 'send-mail' } },
        {
          requestId: 'r7\0',
          object: { kind: 'user', namespace: 'default', name: 'digest', id: 'alice' },
          delegation: [
            { iss: 'chatelaine', sub: 'bob' },
            { iss: 'chatelaine', sub: 'alice' },
          ],
        },
      ];
      const at = (offset: number): string => new Date(START + offset).toISOString();

      it.each([
        ['for nothing in particular', {}, 'r7\0 r6 r5 r4 r3 r2 r1 r0'],
        ['for an actor', { actor: 'alice' }, 'r4 r0'],
        ['for an actor of one issuer', { actor: 'alice', issuer: 'https://a.test' }, 'r0'],
        ['for a verb', { action: 'list' }, 'r2'],
        ['for a class', { class: 'administration' }, 'r2'],
        ['for a type', { type: 'key.listed' }, 'r2'],
        ['for an object', { object: 'send-mail' }, 'r6 r3'],
        ['for an object in its namespace', { object: 'send-mail', namespace: 'team', objectKind: 'tool' }, 'r3'],
        ['for an object by its id', { objectId: 'alice' }, 'r7\0'],
        ['for whoever did it or had it done to them', { subject: 'alice' }, 'r7\0 r4 r0'],
        ['for somebody on whose behalf it was done', { subject: 'bob' }, 'r7\0'],
        ['for a request whose id holds a zero', { requestId: 'r7\0' }, 'r7\0'],
        ['for what was denied', { outcome: 'denied' }, 'r1'],
        ['for what succeeded', { outcome: 'success', actor: 'agent-1', object: 'search-flights' }, 'r5 r2'],
        ['for a request', { requestId: 'r5' }, 'r5'],
        ['for equal arguments', { argumentsDigest: `hs256:00000000:${'A'.repeat(43)}` }, 'r5'],
        ['for a stretch of time', { from: at(2), to: at(4) }, 'r3 r2'],
        ['for a namespace that is a piece of SQL', { namespace: "x' or 1=1 --" }, 'r6'],
        ['for what is not there', { actor: 'mallory' }, ''],
      ] as const)('%s, answers with exactly that, newest first', async (_, filter, expected) => {
        const store = await (await prepare()).open();
        const { log } = await store.openWriter();
        await append(log, told);
        const { records, next } = await store.query(filter, { limit: 100 });
        expect(records.map(({ requestId }) => requestId).join(' ')).toBe(expected);
        expect(next).toBeUndefined();
        await store.close();
      });

      it('for one id, answers with that record', async () => {
        const store = await (await prepare()).open();
        const { log } = await store.openWriter();
        await append(log, told);
        const wanted = recordOf((await collect(store.read(log.id, 0)))[3]);
        expect((await store.query({ id: wanted.id }, { limit: 2 })).records).toEqual([wanted]);
        expect((await store.query({ id: 'nothing-of-ours' }, { limit: 2 })).records).toEqual([]);
        await store.close();
      });

      it('page by page, gives everything once, of all chains, and what comes meanwhile not at all', async () => {
        const storage = await prepare();
        const [one, two] = [await storage.open(), await storage.open()];
        const [left, right] = [(await one.openWriter()).log, (await two.openWriter()).log];
        await append(left, told);
        // At the same moments: the order must still be total.
        await append(right, told);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await one.query({}, { limit: 3, ...(cursor !== undefined && { cursor }) });
          seen.push(...page.records.map(({ writer, seq }) => `${writer} ${seq}`));
          cursor = page.next;
          await append(left, [{ requestId: 'later' }], START + 10_000 + seen.length);
        } while (cursor !== undefined);
        expect(seen).toHaveLength(16);
        expect(new Set(seen).size).toBe(16);
        await Promise.all([one.close(), two.close()]);
      });

      it.each(['', 'x', Buffer.from('["a"]').toString('base64url'), Buffer.from('[1,2,3]').toString('base64url')])(
        'with the forged cursor `%s`, refuses',
        async (cursor) => {
          const store = await (await prepare()).open();
          await expect(store.query({}, { limit: 1, cursor })).rejects.toMatchObject({ code: 'AUDIT_QUERY_INVALID' });
          await store.close();
        },
      );

      it.each([0, 1001, 1.5, Number.NaN])('for pages of %d records, refuses', async (limit) => {
        const store = await (await prepare()).open();
        await expect(store.query({}, { limit })).rejects.toMatchObject({ code: 'AUDIT_QUERY_INVALID' });
        await store.close();
      });
    });
  });
}
