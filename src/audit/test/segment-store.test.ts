import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  appendFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import { SegmentStore } from '../store/segments/segment-store.ts';
import { describeAuditStore } from './audit-store.contract.ts';
import { ScriptedDisk } from './scripted-disk.fixture.ts';
import { event, fill, openLog, scratch, tickingClock, verifyRoot } from './audit.fixture.ts';

describeAuditStore('segment files', () => {
  const root = join(scratch(), 'audit');
  return Promise.resolve({ open: () => Promise.resolve(new SegmentStore({ root, clock: tickingClock() })) });
});

describeAuditStore('segment files of two records each, a block a record', () => {
  const root = join(scratch(), 'audit');
  const options = { root, rotation: { bytes: 900, ms: 1e9 }, indexBlock: 1 };
  return Promise.resolve({ open: () => Promise.resolve(new SegmentStore({ ...options, clock: tickingClock() })) });
});

/** A closed log of so many records, and its one segment. */
async function closedLog(records: number): Promise<{ root: string; segment: string }> {
  const root = join(scratch(), 'audit');
  const { log } = await openLog({ root });
  await fill(log, records);
  await log.close();
  rmSync(join(root, 'checkpoints.log'));
  return { root, segment: globSync(join(root, 'writers/*/*.log'))[0] as string };
}

const lastStart = (bytes: Buffer): number => bytes.lastIndexOf('\n', bytes.length - 2) + 1;

describe('the end of a chain after a crash', () => {
  it.each([
    ['half a line', (bytes: Buffer) => bytes.subarray(0, lastStart(bytes) + 100)],
    ['a line without its end', (bytes: Buffer) => bytes.subarray(0, -1)],
    [
      'half a line and the room that was laid out after it',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, lastStart(bytes) + 100), Buffer.alloc(4096)]),
      100,
    ],
    [
      'zero bytes before a line that was written',
      (bytes: Buffer) => {
        const torn = Buffer.from(bytes);
        return torn.fill(0, lastStart(bytes), lastStart(bytes) + 200);
      },
    ],
  ])('with %s is cut there, kept aside, and on record', async (_, tear, kept?: number) => {
    const { root, segment } = await closedLog(5);
    const bytes = readFileSync(segment);
    const torn = tear(bytes);
    const piece = torn.subarray(lastStart(bytes)).subarray(0, kept);
    writeFileSync(segment, torn);
    const { log } = await openLog({ root });
    const position = await log.append(event({ requestId: 'after' }));
    // 5 calls and the checkpoint's record, which was torn; then what was found, then ours.
    expect(position.seq).toBe(7);
    const [notice] = (await log.query({ type: 'audit.tail-cut' }, { limit: 1 })).records;
    expect(notice).toMatchObject({ seq: 6, details: { seq: 6, bytes: piece.length } });
    const [aside] = globSync(join(dirname(segment), 'torn-6-*.bin'));
    expect(readFileSync(aside as string)).toEqual(piece);
    await log.close();
    expect(await verifyRoot(root)).toMatchObject({ ok: true });
  });

  it('with nothing but room that was laid out is no loss: the chain goes on, and nothing is on record of it', async () => {
    const { root, log: before } = await openLog();
    await fill(before, 5);
    await before.close();
    const [segment] = globSync(join(root, 'writers/*/*.log')) as [string];
    appendFileSync(segment, Buffer.alloc(4096));
    expect(await verifyRoot(root)).toMatchObject({ ok: true, findings: [] });
    const { log } = await openLog({ root });
    await expect(log.append(event())).resolves.toMatchObject({ seq: 7 });
    expect((await log.query({ type: 'audit.tail-cut' }, { limit: 1 })).records).toEqual([]);
    await log.close();
    expect(await verifyRoot(root)).toMatchObject({ ok: true, findings: [] });
  });

  it('with a segment that never began goes on in the one before', async () => {
    const root = join(scratch(), 'audit');
    const first = await openLog({ root });
    await fill(first.log, 3);
    await first.log.close();
    const [segment] = globSync(join(root, 'writers/*/*.log')) as [string];
    const unbegun = join(dirname(segment), '0000000000000005.log');
    writeFileSync(unbegun, '{"first":5,"for', { mode: 0o600 });
    const { log } = await openLog({ root });
    await expect(log.append(event())).resolves.toMatchObject({ seq: 5 });
    await log.close();
    expect(existsSync(unbegun)).toBe(false);
    expect(await verifyRoot(root)).toMatchObject({ ok: true, records: 6 });
  });

  it.each([
    [
      'VLT-011: a changed last record',
      (segment: string) => writeFileSync(segment, readFileSync(segment, 'utf8').replace(/.(?=\n$)/, 'x')),
    ],
    [
      'VLT-011: an appended forged tail',
      (segment: string) => appendFileSync(segment, `${'0'.repeat(64)} {"forged":true}\n`),
    ],
    [
      'a first line of another chain',
      (segment: string) => writeFileSync(segment, readFileSync(segment, 'utf8').replace('"first":1', '"first":2')),
    ],
  ])(
    'that shows %s is not continued: it stays as it is, another chain takes over, and it is on record',
    async (_, damage) => {
      const { root, segment } = await closedLog(3);
      damage(segment);
      const damaged = readFileSync(segment);
      const { log } = await openLog({ root });
      const position = await log.append(event());
      expect(segment).not.toContain(position.writer);
      expect(readFileSync(segment)).toEqual(damaged);
      const [notice] = (await log.query({ type: 'audit.damaged' }, { limit: 1 })).records;
      expect(notice?.details).toMatchObject({
        message: expect.stringMatching(/is not what was written|does not begin/),
      });
      await log.close();
      expect(await verifyRoot(root)).toMatchObject({ ok: false });
    },
  );

  it('that lies before the last checkpoint is damage, however clean the cut', async () => {
    const root = join(scratch(), 'audit');
    const { log } = await openLog({ root });
    await fill(log, 5);
    await log.close();
    const [segment] = globSync(join(root, 'writers/*/*.log')) as [string];
    const bytes = readFileSync(segment);
    truncateSync(segment, lastStart(bytes.subarray(0, lastStart(bytes))));
    const again = await openLog({ root });
    const [notice] = (await again.log.query({ type: 'audit.damaged' }, { limit: 1 })).records;
    expect(notice?.details).toMatchObject({ message: expect.stringContaining('record 5 is missing') });
  });
});

describe('VLT-009: the folder of the log', () => {
  it('has files that nobody else can read, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const { log, root } = await openLog({ root: join(scratch(), 'audit') });
      await fill(log, 3);
      await log.checkpoint();
      await log.query({}, { limit: 1 });
      for (const name of globSync('**/*', { cwd: root })) {
        const { mode } = statSync(join(root, name));
        expect([name, (mode & 0o777).toString(8)]).toEqual([name, (mode & 0o040000) !== 0 ? '700' : '600']);
      }
      await log.close();
    } finally {
      process.umask(before);
    }
  });

  it('is refused when others may enter it, or when it is a link', () => {
    const open = join(scratch(), 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    const link = join(scratch(), 'link');
    symlinkSync(open, link);
    for (const root of [open, link]) {
      expect(() => new SegmentStore({ root, clock: tickingClock() })).toThrow(
        expect.objectContaining({ code: 'AUDIT_UNSAFE' }),
      );
    }
  });
});

describe('the index', () => {
  it('follows by itself when it is far behind', async () => {
    const { log, root } = await openLog({ indexBehind: 2000 });
    await fill(log, 20);
    await vi.waitFor(() => expect(existsSync(join(root, 'index.db'))).toBe(true), 20_000);
  });

  it('is made anew when it is gone, is no index or that of another version; in memory when it cannot be', async () => {
    const { root } = await closedLog(30);
    for (const damage of [
      () => rmSync(join(root, 'index.db'), { force: true }),
      () => writeFileSync(join(root, 'index.db'), 'this is no database'.repeat(1000), { mode: 0o600 }),
      () => {
        const database = new DatabaseSync(join(root, 'index.db'));
        database.exec('drop table blocks; create table records (writer); pragma user_version = 2');
        database.close();
      },
      () => {
        rmSync(join(root, 'index.db'));
        mkdirSync(join(root, 'index.db'));
      },
    ]) {
      damage();
      const { log } = await openLog({ root });
      expect((await log.query({ action: 'call' }, { limit: 100 })).records).toHaveLength(30);
      await log.close();
    }
  });

  it('forgets a batch that another process wrote and then took back', async () => {
    const { root, log } = await openLog();
    const disk = new ScriptedDisk();
    const other = await openLog({ root, disk });
    await fill(other.log, 3, { action: 'kept' });
    const flush = Promise.withResolvers<void>();
    const before = disk.counts.write;
    disk.beforeFlushed = () => flush.promise;
    const refused = expect(fill(other.log, 3, { action: 'taken-back' })).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    });
    await vi.waitFor(() => expect(disk.counts.write).toBe(before + 1));
    expect((await log.query({ action: 'taken-back' }, { limit: 10 })).records).toHaveLength(3);
    disk.failing = (operation) => operation === 'flush';
    flush.resolve();
    await refused;
    disk.failing = () => false;
    await vi.waitFor(() => expect(other.log.status.available).toBe(true), 20_000);
    await fill(other.log, 5, { action: 'later' });
    const counts: number[] = [];
    for (const action of ['later', 'resumed', 'kept', 'taken-back']) {
      counts.push((await log.query({ action }, { limit: 10 })).records.length);
    }
    expect(counts).toEqual([5, 1, 3, 0]);
  });

  it('never answers with anything but the records as they lie in the segments', async () => {
    const { root, log } = await openLog();
    await fill(log, 10);
    expect((await log.query({}, { limit: 100 })).records).toHaveLength(10);
    const other = await openLog();
    await fill(other.log, 10, { action: 'other' });
    await other.log.query({}, { limit: 1 });
    await Promise.all([log.close(), other.log.close()]);
    // Somebody puts another log's index in place.
    for (const suffix of ['-wal', '-shm']) rmSync(join(root, `index.db${suffix}`), { force: true });
    writeFileSync(join(root, 'index.db'), readFileSync(join(other.root, 'index.db')));
    const again = await openLog({ root });
    const { records } = await again.log.query({ type: 'tool.call' }, { limit: 100 });
    expect(records.map(({ action }) => action)).toEqual(Array.from({ length: 10 }, () => 'call'));
  });
});
