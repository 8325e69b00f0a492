import { appendFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { checkpointLine, NO_CHECKPOINT, readCheckpoint } from '../checkpoint/checkpoint.ts';
import { offsetAfter } from '../store/segments/find-checkpoint.ts';
import { event, fill, openLog, openLogAt, scratch, signingKey, START, verifyRoot } from './audit.fixture.ts';

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
    const { root, log } = await openLog({ checkpoints: { records: Infinity, ms: 5 } });
    await fill(log, 3);
    // On a busy machine the first may come before the last of the records.
    const covered = { ok: true, uncovered: 1 };
    await vi.waitFor(async () => expect(await verifyRoot(root)).toMatchObject(covered), 20_000);
    const made = await log.latestCheckpoint();
    for (let look = 0; look < 20; look++) expect(await verifyRoot(root)).toMatchObject(covered);
    expect(await log.latestCheckpoint()).toBe(made);
    await log.append(event());
    await vi.waitFor(async () => expect(await log.latestCheckpoint()).toBeGreaterThan(made), 20_000);
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
    expect(log.status).toMatchObject({ available: true, damage: [expect.stringContaining('last checkpoint')] });
    await log.append(event());
    await expect(log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
    // Once, however often it is met again.
    expect((await log.query({ type: 'audit.damaged' }, { limit: 9 })).records).toHaveLength(1);
  });

  it('go on for all others when one chain is damaged, which keeps its count, and all hear of it', async () => {
    const { root, log } = await openLog();
    const gone = await openLog({ root });
    const { writer } = await gone.log.append(event());
    await gone.log.checkpoint();
    await fill(gone.log, 5);
    await gone.store.close();
    spoilHash(root, writer, 4);
    await fill(log, 3);
    const checkpoint = await log.checkpoint();
    expect(checkpoint?.body.writers).toHaveLength(2);
    expect(checkpoint?.body.writers).toContainEqual(expect.objectContaining({ id: writer, from: 1, count: 1 }));
    expect(log.status).toMatchObject({ available: true, damage: [expect.stringContaining(writer)] });
    await log.append(event());
    await log.checkpoint();
    expect((await log.query({ type: 'audit.damaged' }, { limit: 9 })).records).toMatchObject([{ details: { writer } }]);
    await log.close();
    expect((await verifyRoot(root)).findings).toMatchObject([{ kind: 'changed', writer, seq: 4 }]);
  });

  it('whose own process finds its chain damaged cover what it writes from then on, in another chain', async () => {
    const { root, log } = await openLog();
    const { writer } = await log.append(event());
    await fill(log, 5);
    spoilHash(root, writer, 4);
    expect(await log.checkpoint()).toBeUndefined();
    const after = await log.append(event());
    expect(after.writer).not.toBe(writer);
    expect(log.status).toMatchObject({ available: true, damage: [expect.stringContaining(writer)] });
    const covered = (await log.checkpoint())?.body.writers;
    expect(covered).toMatchObject([{ id: after.writer, from: 0, count: after.seq }]);
    expect((await log.query({ type: 'audit.damaged' }, { limit: 9 })).records).toMatchObject([{ details: { writer } }]);
    await log.close();
    expect((await verifyRoot(root)).findings).toMatchObject([{ kind: 'changed', writer, seq: 4 }]);
  });

  it.each([
    ['is not UTF-8', (bytes: Buffer) => bytes.fill(0xff, bytes.length - 20, bytes.length - 19)],
    ['is no checkpoint', (bytes: Buffer) => bytes.fill(0x20, bytes.length - 2, bytes.length - 1)],
    [
      'has another signature',
      // Another character, whichever it was: an `A` in its place is one already in one signature of sixty-four.
      (bytes: Buffer) => {
        const at = bytes.lastIndexOf(' {') - 9;
        return bytes.fill(bytes[at] === 0x41 ? 0x42 : 0x41, at, at + 1);
      },
    ],
  ])('are not numbered anew when the last line %s, and what was covered stays so', async (_, spoil) => {
    const { root, log, store } = await openLog();
    for (let round = 0; round < 3; round++) {
      await fill(log, 2);
      await log.checkpoint();
    }
    const covered = (await store.durable()).size;
    const file = join(root, 'checkpoints.log');
    const { length } = readFileSync(file);
    writeFileSync(file, spoil(readFileSync(file)));
    await fill(log, 2);
    await expect(log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
    expect(readFileSync(file)).toHaveLength(length);
    expect(log.status).toMatchObject({ damage: [expect.stringContaining('last checkpoint')] });
    expect((await log.query({ type: 'audit.damaged' }, { limit: 9 })).records).toHaveLength(1);
    const other = await openLog({ root });
    expect((await other.store.durable()).size).toBe(covered + 1);
  });

  it('begin with number 1 where a crash left no whole line', async () => {
    const { root, log } = await openLog();
    writeFileSync(join(root, 'checkpoints.log'), 'half a li', { mode: 0o600 });
    await fill(log, 2);
    expect((await log.checkpoint())?.body.number).toBe(1);
  });
});

it('checkpoints after a number are found without reading all that lie before', async () => {
  const file = join(scratch(), 'checkpoints.log');
  const lines = Array.from({ length: 2000 }, (_, at) => {
    const time = new Date(START + at).toISOString();
    const empty = { previous: NO_CHECKPOINT, root: NO_CHECKPOINT, size: 0, writers: [], keyId: signingKey.id };
    const body = { v: 1, installation: '0'.repeat(26), number: at + 1, time, ...empty } as const;
    return checkpointLine({ body, signature: 'A'.repeat(86) });
  });
  writeFileSync(file, `${lines.join('\n')}\n`);
  const text = readFileSync(file, 'utf8');
  for (const after of [0, 1, 2, 777, 1500, 1999, 2000, 5000]) {
    const offset = await offsetAfter(file, after);
    const first = readCheckpoint(text.slice(offset).split('\n')[0] ?? '')?.body.number ?? 0;
    expect(first).toBeLessThanOrEqual(after + 1);
    expect(first).toBeGreaterThan(Math.min(after, lines.length) - 1000);
  }
  expect(await offsetAfter(file, 1500)).toBeGreaterThan(0);
});

it('verifying is one run for all who ask meanwhile, and leaves everybody else their turn', async () => {
  const { log } = await openLog();
  await fill(log, 2000);
  await log.checkpoint();
  let turns = 0;
  let verifying = true;
  const count = (): void => {
    turns++;
    if (verifying) setImmediate(count);
  };
  setImmediate(count);
  const [one, other] = await Promise.all([log.verify(), log.verify()]);
  verifying = false;
  expect(other).toBe(one);
  expect(one).toMatchObject({ ok: true, records: 2001 });
  expect(turns).toBeGreaterThan(2000 / 64);
  expect(await log.verify()).not.toBe(one);
});

/** Puts something that is no digit into the hash of a record. */
function spoilHash(root: string, writer: string, seq: number): void {
  const [file] = globSync(join(root, 'writers', writer, '*.log')) as [string];
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[seq] = `x${lines[seq]?.slice(1)}`;
  writeFileSync(file, lines.join('\n'));
}
