import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AuditPosition } from '#contract';
import { COMMIT_LIMITS } from '../commit/group-commit.ts';
import { event, fill, linesOf, openLog, verifyRoot } from './audit.fixture.ts';
import { ScriptedDisk } from './scripted-disk.fixture.ts';

const segmentsOf = (root: string): string[] => globSync(join(root, 'writers/*/*.log')).toSorted();

describe('appending', () => {
  it('keeps the order of 10,000 parallel records and lets them share flushes', async () => {
    const disk = new ScriptedDisk();
    const { log, root } = await openLog({ disk });
    const before = disk.counts.write;
    const positions = await Promise.all(
      Array.from({ length: 10_000 }, (_, at) => log.append(event({ requestId: `req-${at}` }))),
    );
    expect(positions.map(({ seq }) => seq)).toEqual(Array.from({ length: 10_000 }, (_, at) => at + 1));
    // One for the segment's first line, then one a batch.
    expect(disk.counts.write - before).toBe(1 + Math.ceil(10_000 / COMMIT_LIMITS.batchRecords));
    const [header, ...lines] = await linesOf(segmentsOf(root)[0] as string);
    expect(header).toContain('chatelaine-audit-segment/1');
    expect(lines.map((line) => JSON.parse(line.slice(65)).requestId)).toEqual(
      Array.from({ length: 10_000 }, (_, at) => `req-${at}`),
    );
  });

  it.each([
    [1, 1000],
    [16, 63],
    [64, 16],
  ])('flushes 1000 records of %i at a time with %i flushes', async (concurrent, flushes) => {
    const disk = new ScriptedDisk();
    const { log } = await openLog({ disk });
    await log.append(event());
    const before = disk.counts.write;
    for (let done = 0; done < 1000; done += concurrent) await fill(log, Math.min(concurrent, 1000 - done));
    expect(disk.counts.write - before).toBe(flushes);
  });

  it('lets what comes during a flush share the next one', async () => {
    const disk = new ScriptedDisk();
    const { log } = await openLog({ disk });
    await log.append(event());
    const flush = Promise.withResolvers<void>();
    disk.beforeFlushed = () => flush.promise;
    const before = disk.counts.write;
    const first = log.append(event());
    await vi.waitFor(() => expect(disk.counts.write).toBe(before + 1));
    const rest = Array.from({ length: 50 }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return log.append(event());
    });
    let acknowledged = 0;
    for (const pending of [first, ...rest]) void pending.then(() => acknowledged++);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged).toBe(0);
    flush.resolve();
    await Promise.all([first, ...rest]);
    expect(disk.counts.write).toBe(before + 2);
  });

  it('writes into room that was laid out before, and gives back what it did not use', async () => {
    const disk = new ScriptedDisk();
    const { log, root } = await openLog({ disk });
    await fill(log, 200);
    const [segment] = segmentsOf(root) as [string];
    const laidOut = statSync(segment).size;
    await fill(log, 50);
    expect([disk.counts.layOut, statSync(segment).size]).toEqual([1, laidOut]);
    await fill(log, 1000);
    expect(disk.counts.layOut).toBeGreaterThan(1);
    await log.close();
    expect((await linesOf(segment)).join('\n')).toHaveLength(statSync(segment).size - 1);
  });

  it('needs no room ahead: where none can be laid out, records are written all the same', async () => {
    const disk = new ScriptedDisk();
    const { log, root } = await openLog({ disk });
    disk.failing = (operation) => operation === 'lay-out';
    await fill(log, 20);
    expect(disk.counts.layOut).toBeGreaterThan(0);
    await log.close();
    await expect(verifyRoot(root)).resolves.toMatchObject({ ok: true, records: 21 });
  });

  it('refuses what no longer fits in memory instead of collecting it', async () => {
    const disk = new ScriptedDisk();
    const { log } = await openLog({ disk, limits: { ...COMMIT_LIMITS, batchRecords: 4, waitingRecords: 10 } });
    await log.append(event());
    const flush = Promise.withResolvers<void>();
    disk.beforeFlushed = () => flush.promise;
    const settled = Promise.allSettled(Array.from({ length: 30 }, () => log.append(event())));
    flush.resolve();
    const results = await settled;
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of results.slice(10)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'AUDIT_OVERLOADED', status: 503 } });
    }
    await expect(log.append(event())).resolves.toMatchObject({ seq: 12 });
  });

  it('refuses a record that cannot be written down, and no other', async () => {
    const { log } = await openLog();
    const good = log.append(event());
    await expect(log.append(event({ durationMs: Number.NaN }))).rejects.toMatchObject({ code: 'AUDIT_RECORD_INVALID' });
    await expect(log.append(event({ type: 'audit.checkpoint' }))).rejects.toMatchObject({
      code: 'AUDIT_RECORD_INVALID',
    });
    await expect(good).resolves.toMatchObject({ seq: 1 });
    await expect(log.append(event())).resolves.toMatchObject({ seq: 2 });
  });

  it('begins a new segment when one is full or old, and the chain goes on', async () => {
    let now = Date.UTC(2026, 10, 21);
    const { log, root } = await openLog({ clock: { now: () => now }, rotation: { bytes: 4000, ms: 3_600_000 } });
    for (let at = 0; at < 12; at++) await log.append(event());
    const bySize = segmentsOf(root).length;
    expect(bySize).toBeGreaterThan(1);
    now += 3_600_001;
    await log.append(event());
    expect(segmentsOf(root)).toHaveLength(bySize + 1);
    await log.close();
    await expect(verifyRoot(root)).resolves.toMatchObject({ ok: true, records: 14, checkpoints: 1 });
  });
});

describe('a disk that fails', () => {
  it.each(['write', 'short-write', 'flush'] as const)(
    'refuses every record while %s fails, and recovers without restart',
    async (operation) => {
      const disk = new ScriptedDisk();
      const { log, root } = await openLog({ disk });
      await fill(log, 3);
      disk.failing = (asked) => asked === operation;
      const refused = await Promise.allSettled(
        Array.from({ length: 5 }, () => log.append(event({ requestId: 'refused' }))),
      );
      expect(refused.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
        Array.from({ length: 5 }, () => 'AUDIT_UNAVAILABLE'),
      );
      expect(log.status).toMatchObject({ available: false });
      await expect(log.append(event({ requestId: 'refused' }))).rejects.toMatchObject({ status: 503 });
      // Reading goes on.
      expect((await log.query({}, { limit: 10 })).records).toHaveLength(3);

      disk.failing = () => false;
      await vi.waitFor(() => expect(log.status).toEqual({ available: true }));
      await fill(log, 2, { requestId: 'after' });
      const { records } = await log.query({}, { limit: 10 });
      expect(records.map(({ type, requestId }) => requestId ?? type)).toEqual([
        'after',
        'after',
        'audit.resumed',
        'req-2',
        'req-1',
        'req-0',
      ]);
      expect(records[2]?.details).toMatchObject({ refused: 6 });
      await log.close();
      await expect(verifyRoot(root)).resolves.toMatchObject({ ok: true });
    },
  );

  it('never loses what was acknowledged nor keeps what was refused, whatever fails when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ batch: fc.integer({ min: 1, max: 6 }), fails: fc.array(fc.boolean(), { maxLength: 8 }) }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        async (steps) => {
          const disk = new ScriptedDisk();
          const { log, root } = await openLog({ disk, rotation: { bytes: 3000, ms: 1e9 }, retryMs: 1 });
          const acknowledged: AuditPosition[] = [];
          for (const { batch, fails } of steps) {
            const script = [...fails];
            disk.failing = () => script.shift() ?? false;
            const results = await Promise.allSettled(Array.from({ length: batch }, () => log.append(event())));
            for (const result of results) if (result.status === 'fulfilled') acknowledged.push(result.value);
            disk.failing = () => false;
            await vi.waitFor(() => expect(log.status.available).toBe(true), { interval: 1 });
          }
          await log.close();
          const lines = (await Promise.all(segmentsOf(root).map(linesOf))).flat().filter((line) => line[64] === ' ');
          const stored = lines.map((line) => JSON.parse(line.slice(65)) as { id: string; seq: number; class: string });
          const calls = stored.filter((record) => record.class === 'tool-call').map(({ id, seq }) => ({ id, seq }));
          expect(calls).toEqual(acknowledged.map(({ id, seq }) => ({ id, seq })));
          const report = await verifyRoot(root);
          expect(report.findings).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('opens on a disk that cannot be written, and begins when it can', async () => {
    const disk = new ScriptedDisk();
    const { root, log: first } = await openLog();
    await fill(first, 2);
    await first.close();
    disk.failing = () => true;
    const { log } = await openLog({ root, disk });
    await expect(log.append(event())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect((await log.query({}, { limit: 10 })).records).toHaveLength(3);
    disk.failing = () => false;
    await vi.waitFor(() => expect(log.status.available).toBe(true));
    await expect(log.append(event())).resolves.toMatchObject({ seq: 5 });
  });
});
