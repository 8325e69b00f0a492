/** Evidence on its way: an archive that arrives whole, or not at all. */
import { existsSync, mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evidenceArchive, unpackEvidence } from '../report/evidence-archive.ts';
import { BLOCK, END_OF_TAR, readTarHeader, tarHeader } from '../report/tar.ts';
import { verifyEvidence } from '../report/verify-evidence.ts';
import { fill, openLog, scratch, tickingClock, trusted } from './audit.fixture.ts';

const clock = tickingClock(Date.UTC(2030, 0, 1));

async function archived(records = 40): Promise<{ readonly archive: Buffer; readonly staging: string }> {
  const { log } = await openLog();
  await fill(log, records);
  const staging = scratch();
  const pieces: Uint8Array[] = [];
  const asked = { filter: { action: 'call' }, opened: false, scratch: staging, clock };
  for await (const piece of evidenceArchive(log, asked)) pieces.push(piece);
  return { archive: Buffer.concat(pieces), staging };
}

/** The same bytes as a network might bring them. */
async function* inPieces(archive: Buffer, length: number) {
  for (let at = 0; at < archive.length; at += length) yield archive.subarray(at, at + length);
}

const file = (name: string, content = '') => {
  const bytes = Buffer.alloc(Math.ceil(content.length / BLOCK) * BLOCK);
  bytes.write(content);
  return Buffer.concat([tarHeader({ name, size: content.length, seconds: 0 }), bytes]);
};

describe('an archive of evidence', () => {
  it('verifies where it was unpacked, however it came, and nothing of it stays where it was made', async () => {
    const { archive, staging } = await archived();
    for (const length of [1, 511, 513, 65_536]) {
      const directory = join(scratch(), 'incident');
      let last = 0;
      const unpacked = await unpackEvidence(inPieces(archive, length), directory, (bytes) => (last = bytes));
      expect(unpacked).toEqual({ ok: true, value: last });
      expect(await verifyEvidence(directory, trusted)).toMatchObject({ ok: true, value: { records: 40 } });
    }
    expect(readdirSync(staging)).toEqual([]);
  });

  it('that is cut anywhere leaves nothing that looks like one', async () => {
    const { archive } = await archived(3);
    const cuts = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, archive.length >> 1, archive.length - END_OF_TAR.length];
    for (const length of cuts) {
      const directory = join(scratch(), 'incident');
      const unpacked = await unpackEvidence(inPieces(archive.subarray(0, length), 4096), directory);
      expect([length, unpacked.ok, existsSync(directory)]).toEqual([length, false, false]);
    }
  });

  it('that breaks off with an error leaves nothing either', async () => {
    const { archive } = await archived(3);
    const directory = join(scratch(), 'incident');
    async function* breaking() {
      yield archive.subarray(0, 700);
      throw new Error('the line is dead');
    }
    await expect(unpackEvidence(breaking(), directory)).rejects.toThrow('the line is dead');
    expect(existsSync(directory)).toBe(false);
  });

  it.each([
    ['a file elsewhere', file('../../evil', 'x')],
    ['an absolute path', file('/etc/passwd', 'x')],
    ['a file that is no evidence', file('readme.txt', 'x')],
    ['a file twice', Buffer.concat([file('records.ndjson', 'x'), file('records.ndjson', 'y')])],
    ['no signature', Buffer.concat([file('records.ndjson', 'x'), END_OF_TAR])],
    ['a link', changed(file('records.ndjson'), 156, '2')],
    ['a folder', changed(file('records.ndjson'), 156, '5')],
    ['a wrong sum', Buffer.concat([Buffer.from('s'), file('records.ndjson', 'x').subarray(1), END_OF_TAR])],
    ['nothing', Buffer.alloc(0)],
    ['a page of HTML', Buffer.from('<html>'.repeat(200))],
  ])('with %s is refused, and nothing of it stays', async (_, archive) => {
    const folder = scratch();
    const unpacked = await unpackEvidence(inPieces(Buffer.from(archive), 100), join(folder, 'a', '..', 'incident'));
    expect([unpacked.ok, readdirSync(folder)]).toEqual([false, []]);
  });

  it('is not unpacked over what is there', async () => {
    const { archive } = await archived(1);
    const there = scratch();
    await expect(unpackEvidence(inPieces(archive, 999), there)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(existsSync(there)).toBe(true);
  });

  it('takes along what a killed process left the day before, and nothing younger', async () => {
    const { log } = await openLog();
    await fill(log, 1);
    const staging = scratch();
    const now = clock.now();
    for (const [name, age] of [
      ['evidence-old', 25],
      ['evidence-young', 23],
      ['other', 99],
    ] as const) {
      mkdirSync(join(staging, name));
      const at = new Date(now - age * 3_600_000);
      utimesSync(join(staging, name), at, at);
    }
    for await (const _ of evidenceArchive(log, { filter: {}, opened: false, scratch: staging, clock }));
    expect(readdirSync(staging).toSorted()).toEqual(['evidence-young', 'other']);
  });

  it('leaves nothing behind when whoever asked has gone', async () => {
    const { log } = await openLog();
    await fill(log, 1);
    const staging = scratch();
    for await (const _ of evidenceArchive(log, { filter: {}, opened: true, scratch: staging, clock })) {
      expect(readdirSync(staging)).toHaveLength(1);
      break;
    }
    expect(readdirSync(staging)).toEqual([]);
  });
});

/** With another type of file, and the sum that belongs to it. */
function changed(archive: Buffer, at: number, to: string): Buffer {
  const sum = Number.parseInt(archive.toString('latin1', 148, 156), 8) - (archive[at] as number) + to.charCodeAt(0);
  archive.write(to, at);
  archive.write(sum.toString(8).padStart(6, '0'), 148);
  return archive;
}

it('a header says of a file what was written, however large it is', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z.-]{1,100}$/), fc.maxSafeNat(), fc.nat(), (name, size, seconds) => {
      expect(readTarHeader(tarHeader({ name, size, seconds }))).toEqual({ name, size });
    }),
  );
});
