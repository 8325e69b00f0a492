import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { event, fill, openLog, openLogAt, verifyRoot } from './audit.fixture.ts';

describe('checkpoints', () => {
  it('come after so many records, and cover what is there', async () => {
    const { log, root } = await openLog({ checkpoints: { records: 50, ms: 3_600_000 } });
    for (let round = 1; round <= 4; round++) {
      // The record after the fiftieth finds that a checkpoint is due.
      await fill(log, 51);
      await log.append(event());
      await vi.waitFor(async () => expect(await log.latestCheckpoint()).toBe(round), 20_000);
    }
    await log.close();
    expect(await verifyRoot(root)).toMatchObject({ ok: true, uncovered: 1 });
  });

  it('come after some time, and then not again while nothing happens', async () => {
    const { log } = await openLog({ checkpoints: { records: Infinity, ms: 5 } });
    await fill(log, 3);
    await vi.waitFor(async () => expect(await log.latestCheckpoint()).toBe(1), 20_000);
    await vi.waitFor(async () => {
      const { records } = await log.query({ type: 'audit.checkpoint' }, { limit: 10 });
      expect(records).toHaveLength(1);
    });
    expect(await log.latestCheckpoint()).toBe(1);
    await log.append(event());
    await vi.waitFor(async () => expect(await log.latestCheckpoint()).toBe(2), 20_000);
  });

  it('cover at last what a process that is gone has left', async () => {
    const { root, log } = await openLog();
    const gone = await openLogAt(root);
    const { writer } = await gone.append(event());
    const before = await log.checkpoint();
    expect(before).toBeUndefined();
    await gone.close();
    await fill(log, 2);
    const covered = (await log.checkpoint())?.body.writers.find(({ id }) => id === writer);
    // Its call, and the record of the checkpoint it made when it went.
    expect(covered).toMatchObject({ from: 1, count: 2 });
  });

  it('go on when a chain was taken away, and each names it still', async () => {
    const { root, log } = await openLog();
    const gone = await openLogAt(root);
    const { writer } = await gone.append(event());
    await gone.close();
    rmSync(join(root, 'writers', writer), { recursive: true });
    await fill(log, 2);
    const checkpoint = await log.checkpoint();
    expect(checkpoint?.body.writers).toContainEqual(expect.objectContaining({ id: writer, from: 1, count: 1 }));
    await log.close();
    const { findings } = await verifyRoot(root);
    expect(findings).toMatchObject([{ kind: 'writer-missing', writer, seq: 1 }]);
  });

  it('fail without touching the records: the log stays available', async () => {
    const { root, log } = await openLog({ checkpoints: { records: 2, ms: 3_600_000 } });
    await fill(log, 1);
    await log.checkpoint();
    appendFileSync(join(root, 'checkpoints.log'), 'no checkpoint\n');
    await fill(log, 10);
    await expect(log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
    expect(log.status).toEqual({ available: true });
    await log.append(event());
  });
});
