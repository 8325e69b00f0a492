import { globSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '#kernel';
import { auditSchema } from '#contract';
import { startRetention } from '../retention/start-retention.ts';
import { verifyReceipt } from '../receipt/receipt.ts';
import { exportNdjson, readNdjson } from '../export/ndjson.ts';
import { RecordFeed } from '../delivery/feed.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog } from '../verify/verify.ts';
import { fill, openLog, scratch, START, tickingClock, trusted, verifyRoot } from './audit.fixture.ts';
import { emptyServer, openServerLog, verifyServer } from './postgres.fixture.ts';

const rotation = { bytes: 3000, ms: 1e9 };
const segmentsIn = (root: string): readonly string[] => globSync(join(root, 'writers/*/*.log')).toSorted();

/** A log of forty calls in several segments, of which all but the last are removed. */
async function retainedLog() {
  const root = join(scratch(), 'audit');
  const opened = await openLog({ root, rotation });
  for (let batch = 0; batch < 8; batch++) await fill(opened.log, 5, { action: `batch-${batch}` });
  const before = new Map(segmentsIn(root).map((file) => [file, readFileSync(file)]));
  const [old] = (await opened.log.query({ action: 'batch-0' }, { limit: 1 })).records;
  const receipt = await opened.log.receipt(old?.id ?? '');
  const removed = await opened.log.retain(1, []);
  return { ...opened, before, removed, receipt };
}

describe('retention', () => {
  it('removes finished segments; what is left verifies, and verify says from where', async () => {
    const { root, log, before, removed, receipt } = await retainedLog();
    expect(before.size).toBeGreaterThan(3);
    expect(segmentsIn(root).length).toBeLessThan(before.size);
    expect(removed).toBeGreaterThan(20);
    const report = await verifyRoot(root);
    expect(report).toMatchObject({ ok: true, findings: [], retainedFrom: [{ seq: removed + 1 }] });
    // What was given to somebody before still proves what it proved.
    expect(verifyReceipt(JSON.parse(JSON.stringify(receipt)), trusted)).toMatchObject({ ok: true });
    const left = (await log.query({ type: 'tool.call' }, { limit: 1000 })).records;
    expect(left.length).toBeLessThan(40);
    expect((await log.query({ action: 'batch-0' }, { limit: 9 })).records).toEqual([]);
    expect((await log.query({ type: 'audit.retained' }, { limit: 9 })).records).toMatchObject([
      { details: { removed } },
    ]);
  });

  it('goes on with the chain afterwards, and once more, and after a restart', async () => {
    const { root, log } = await retainedLog();
    await fill(log, 30);
    await fill(log, 30);
    expect(await log.retain(1, [])).toBeGreaterThan(0);
    await log.close();
    const again = await openLog({ root, rotation });
    const { seq } = await again.log.append({ ...eventLike });
    expect(seq).toBeGreaterThan(100);
    expect((await again.log.query({ type: 'audit.damaged' }, { limit: 1 })).records).toEqual([]);
    await again.log.close();
    expect(await verifyRoot(root)).toMatchObject({ ok: true });
  });

  it('waits for what is young, for what no checkpoint covers, and for exports', async () => {
    const { log, store } = await openLog({ rotation });
    for (let batch = 0; batch < 8; batch++) await fill(log, 5);
    expect(await log.retain(3_600_000, [])).toBe(0);
    expect(await log.retain(1, ['siem'])).toBe(0);
    const cursor = await store.claimCursor('siem');
    const [[writer]] = [...(await store.durable())] as [[string, number]];
    await cursor?.write(JSON.stringify({ [writer]: 17 }));
    const removed = await log.retain(1, ['siem']);
    expect(removed).toBeGreaterThan(0);
    expect(removed).toBeLessThanOrEqual(17);
    await cursor?.release();
  });

  it('goes by no single reading of the clock: what is young stays, also before a record stamped long ago', async () => {
    const clock = wayward();
    const { log, root } = await openLog({ rotation: { bytes: 900, ms: 1e12 }, clock });
    for (let at = 0; at < 30; at++) {
      clock.astray = at % 3 > 0;
      await fill(log, 1);
    }
    clock.astray = false;
    expect(segmentsIn(root).length).toBeGreaterThan(3);
    expect(await log.retain(400 * 86_400_000, [])).toBe(0);
    expect(await verifyRoot(root)).toMatchObject({ ok: true, retainedFrom: [] });
  });

  it('that was interrupted is finished by the next', async () => {
    const { root, before, log } = await retainedLog();
    await log.close();
    const kept = segmentsIn(root);
    const gone = [...before].filter(([file]) => !kept.includes(file));
    // As it was between the signature and the end of the removal.
    for (const [file, bytes] of gone.slice(-2)) writeFileSync(file, bytes, { mode: 0o600 });
    expect(await verifyRoot(root)).toMatchObject({ ok: true });
    const again = await openLog({ root, rotation });
    await again.log.retain(1e12, []);
    await again.log.close();
    expect(segmentsIn(root)).toEqual(kept);
  });

  it('does not cover for anybody who removes more, or changes what is left', async () => {
    for (const [harm, finding] of [
      [(files: readonly string[]) => unlinkSync(files[0] as string), { kind: 'changed' }],
      [
        (files: readonly string[]) =>
          writeFileSync(
            files[0] as string,
            readFileSync(files[0] as string, 'utf8').replace('booking-bot', 'hooking-bot'),
          ),
        { kind: 'changed' },
      ],
    ] as const) {
      const { root, log } = await retainedLog();
      await fill(log, 30);
      await log.close();
      harm(segmentsIn(root));
      const report = await verifyRoot(root);
      expect(report.findings[0]).toMatchObject(finding);
    }
  });

  it('that nobody signed for is a removal', async () => {
    const { root, log } = await openLog({ rotation });
    for (let batch = 0; batch < 8; batch++) await fill(log, 5);
    await log.close();
    unlinkSync(segmentsIn(root)[0] as string);
    expect((await verifyRoot(root)).findings[0]).toMatchObject({ seq: 1 });
  });

  it('shows in an export as well, and a claim that no checkpoint makes does not pass', async () => {
    const { store, log } = await retainedLog();
    await log.checkpoint();
    const lines: string[] = [];
    for await (const line of exportNdjson(store.installation, logStream(store))) lines.push(line);
    const verified = async (given: readonly string[]) => {
      const { installation, items } = await readNdjson(
        createInterface({ input: Readable.from(given.map((line) => `${line}\n`)) }),
      );
      return await verifyLog(items, { installation, keys: trusted });
    };
    expect(await verified(lines)).toMatchObject({ ok: true, retainedFrom: [{}] });
    const unsigned = lines.map((line) =>
      line.replace(/"seq":(\d+)\},"writer"/, (_, seq) => `"seq":${Number(seq) - 1}},"writer"`),
    );
    expect((await verified(unsigned)).ok).toBe(false);
  });

  it('leaves to a new receiver what is still there', async () => {
    const { store, removed } = await retainedLog();
    const feed = new RecordFeed(store, (_, message) => expect.fail(message));
    const piece = await feed.next(undefined);
    expect(piece?.items[0]?.record.seq).toBe(removed + 1);
    expect(await feed.behind(piece?.place)).toBe(0);
    await feed.close();
  });
});

/** A clock that is in 1970 while it is astray. */
function wayward(): { astray: boolean; now(): number } {
  const right = tickingClock(START);
  const clock = { astray: false, now: () => (clock.astray ? 1 : right.now()) };
  return clock;
}

const eventLike = {
  class: 'tool-call',
  type: 'tool.call',
  door: 'mcp',
  actor: { kind: 'agent', iss: 'chatelaine', sub: 'a', name: 'a' },
  action: 'call',
  outcome: 'success',
} as const;

it('runs by the settings, and survives a run that fails', async () => {
  const { log } = await openLog({ rotation });
  for (let batch = 0; batch < 8; batch++) await fill(log, 5);
  let runs = 0;
  const failing = {
    retain: (keepMs: number, exports: readonly string[]) =>
      ++runs === 1 ? Promise.reject(new Error('the disk')) : log.retain(Math.min(keepMs, 1), exports),
  };
  const settings = auditSchema.parse({ retention: { keep: '1d' } });
  const stop = startRetention({ log: failing, settings, logger: silentLogger, everyMs: 5 });
  await vi.waitFor(async () => {
    expect((await log.query({ type: 'audit.retained' }, { limit: 1 })).records).toHaveLength(1);
  }, 20_000);
  await stop();
  expect(
    await startRetention({ log: failing, settings: auditSchema.parse({}), logger: silentLogger })(),
  ).toBeUndefined();
});

describe('retention on PostgreSQL', () => {
  it('removes by the owner, and the rest verifies', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    await fill(log, 50);
    const removed = await log.retain(1, []);
    // The checkpoint covers the calls; its own record, and the ones behind it, are not covered yet.
    expect(removed).toBeGreaterThan(40);
    expect(await verifyServer(at)).toMatchObject({ ok: true, retainedFrom: [{ seq: removed + 1 }] });
    await log.close();
    const again = await openServerLog(at, { clock: tickingClock(START + 60_000) });
    await fill(again.log, 5);
    expect(await again.log.retain(1, [])).toBeGreaterThan(0);
    expect(await verifyServer(at)).toMatchObject({ ok: true });
  });

  it('removes no young record, also not before one that is stamped long ago', async () => {
    const at = await emptyServer();
    const clock = wayward();
    const { log } = await openServerLog(at, { clock });
    await fill(log, 40);
    clock.astray = true;
    await fill(log, 1);
    clock.astray = false;
    await fill(log, 5);
    expect(await log.retain(400 * 86_400_000, [])).toBe(0);
    expect(await verifyServer(at)).toMatchObject({ ok: true, retainedFrom: [] });
  });

  it('does not sign for a removal that the role is not allowed', async () => {
    const at = await emptyServer();
    const { server } = at;
    await server.query(
      `do $$ begin create role keeping login password 'x'; exception when duplicate_object then null; end $$`,
    );
    await server.query(`grant connect on database ${server.database} to keeping`);
    const settings = { user: 'keeping', password: 'x', migration: { user: server.user, password: server.password } };
    await (await openServerLog(at, { settings })).log.close();
    const { log } = await openServerLog(at, { settings: { ...settings, migration: undefined } });
    await fill(log, 10);
    await expect(log.retain(1, [])).rejects.toMatchObject({ code: 'DATABASE_RIGHTS_MISSING' });
    expect(await verifyServer(at)).toMatchObject({ ok: true, retainedFrom: [] });
  });
});
