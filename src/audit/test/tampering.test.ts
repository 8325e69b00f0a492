import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordLine, nextHash } from '../chain/chain.ts';
import { checkpointLine, readCheckpoint, signCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import { makeSigningKey, readSigningKey } from '../checkpoint/signing-key.ts';
import { SegmentStore } from '../store/segments/segment-store.ts';
import { logStream } from '../verify/log-stream.ts';
import { ChainCheck } from '../verify/chain-check.ts';
import { CheckpointCheck } from '../verify/checkpoint-check.ts';
import type { Finding } from '../verify/finding.ts';
import { verifyLog } from '../verify/verify.ts';
import { fill, openLog, openLogAt, scratch, suiteScratch, tickingClock, trusted, verifyRoot } from './audit.fixture.ts';

/** A segment, or the file of checkpoints, as a test sees it. */
interface Place {
  readonly file: string;
  /** Undefined for checkpoints. */
  readonly writer?: string;
  /** Number of the first line: records in a segment (whose first line is the header), checkpoints else. */
  readonly first: number;
  readonly lines: readonly string[];
}

let original = '';
let segments: readonly Place[] = [];
let checkpoints: Place;

/** Two chains in several segments, three checkpoints, all closed: the last record of one chain alone is not covered. */
beforeAll(async () => {
  const { directory, remove } = suiteScratch();
  const root = join(directory, 'audit');
  const rotation = { bytes: 3000, ms: 1e9 };
  const one = await openLogAt(root, { rotation });
  const two = await openLogAt(root, { rotation });
  await fill(one, 9);
  await fill(two, 5, { userAgent: 'naïve ☃ \ud83d\ude00' });
  await one.checkpoint();
  await fill(two, 8);
  await two.checkpoint();
  await two.close();
  await fill(one, 7);
  await one.close();
  original = root;
  segments = globSync(join(root, 'writers/*/*.log'))
    .toSorted()
    .map((file) => ({
      file: file.slice(root.length + 1),
      writer: basename(dirname(file)),
      first: Number(basename(file, '.log')) - 1,
      lines: readFileSync(file, 'utf8').split('\n').slice(0, -1),
    }));
  const file = join(root, 'checkpoints.log');
  checkpoints = { file: 'checkpoints.log', first: 1, lines: readFileSync(file, 'utf8').split('\n').slice(0, -1) };
  return remove;
});

/** A copy of it all, with the modes that the log insists on. */
function copyOf(): string {
  const root = join(scratch(), 'audit');
  mkdirSync(root, { mode: 0o700 });
  for (const name of readdirSync(original, { recursive: true, encoding: 'utf8' })) {
    if (statSync(join(original, name)).isDirectory()) mkdirSync(join(root, name), { mode: 0o700 });
    else copyFileSync(join(original, name), join(root, name));
  }
  return root;
}

/** Changes one file of a copy and says what `verify` finds first. */
async function after(place: Place, change: (bytes: Buffer) => Buffer) {
  const root = copyOf();
  const file = join(root, place.file);
  writeFileSync(file, change(readFileSync(file)));
  const report = await verifyRoot(root);
  rmSync(root, { recursive: true });
  return report.findings[0];
}

const expected = (place: Place, number: number) =>
  place.writer === undefined
    ? { checkpoint: number }
    : { writer: place.writer, seq: Math.max(number, place.first + 1) };

/** The number of the line in which a byte lies. */
function numberAt(place: Place, offset: number): number {
  let end = 0;
  for (const [at, line] of place.lines.entries()) {
    end += Buffer.byteLength(line) + 1;
    if (offset < end) return place.first + at;
  }
  throw new Error('behind the end');
}

const joined = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const placeAt = (pick: number): Place => [...segments, checkpoints][pick % (segments.length + 1)] as Place;
const anyPlace = fc.nat({ max: 99 });
/** The last record of all, which says that the last checkpoint was made: nothing signs for it yet. */
const isUncovered = (place: Place, number: number): boolean =>
  (place.lines[number - place.first] ?? '').includes(`"number":${checkpoints.lines.length}},"door"`);

// Hundreds of whole logs each.
describe('VLT-011: a log that somebody has worked on', { timeout: 300_000 }, () => {
  it('verifies as long as nobody has', async () => {
    await expect(verifyRoot(copyOf())).resolves.toMatchObject({ ok: true, findings: [], checkpoints: 3, uncovered: 1 });
    expect(segments.length).toBeGreaterThan(3);
  });

  it('shows any single changed byte, and which record or checkpoint it is in', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlace, fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, pick, flip) => {
        const place = placeAt(which);
        const size = joined(place.lines).length;
        const offset = pick % size;
        const finding = await after(place, (bytes) => {
          bytes[offset] = (bytes[offset] as number) ^ flip;
          return bytes;
        });
        expect(finding).toMatchObject(expected(place, numberAt(place, offset)));
      }),
      { numRuns: 400 },
    );
  });

  it('shows any deleted byte', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlace, fc.nat(), async (which, pick) => {
        const place = placeAt(which);
        const offset = pick % joined(place.lines).length;
        const finding = await after(place, (bytes) =>
          Buffer.concat([bytes.subarray(0, offset), bytes.subarray(offset + 1)]),
        );
        expect(finding).toMatchObject(expected(place, numberAt(place, offset)));
      }),
      { numRuns: 200 },
    );
  });

  it('shows any deleted record', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlace, fc.nat(), async (which, pick) => {
        const place = placeAt(which);
        const at = pick % place.lines.length;
        const number = place.first + at;
        fc.pre(!isUncovered(place, number));
        const finding = await after(place, () => joined(place.lines.toSpliced(at, 1)));
        expect(finding).toMatchObject(expected(place, number));
      }),
      { numRuns: 100 },
    );
  });

  it('shows any two records that changed places', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlace, fc.nat(), fc.nat(), async (which, one, two) => {
        const place = placeAt(which);
        const [left, right] = [one % place.lines.length, two % place.lines.length].toSorted((a, b) => a - b) as [
          number,
          number,
        ];
        fc.pre(left !== right);
        const lines = [...place.lines];
        [lines[left], lines[right]] = [lines[right] as string, lines[left] as string];
        expect(await after(place, () => joined(lines))).toMatchObject(expected(place, place.first + left));
      }),
      { numRuns: 100 },
    );
  });

  it('shows any repeated record, by the place it takes from another', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlace, fc.nat(), async (which, pick) => {
        const place = placeAt(which);
        const at = pick % place.lines.length;
        const finding = await after(place, () => joined(place.lines.toSpliced(at, 0, place.lines[at] as string)));
        expect(finding).toMatchObject(expected(place, place.first + at + 1));
      }),
      { numRuns: 100 },
    );
  });

  it('shows any cut end, down to the last checkpoint', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlace, fc.nat(), async (which, pick) => {
        const place = placeAt(which);
        const size = joined(place.lines).length;
        const offset = pick % size;
        const number = numberAt(place, offset);
        const atLineStart = offset === 0 || joined(place.lines)[offset - 1] === 0x0a;
        fc.pre(!(atLineStart && isUncovered(place, number)));
        const finding = await after(place, (bytes) => bytes.subarray(0, offset));
        expect(finding).toMatchObject(expected(place, number));
      }),
      { numRuns: 200 },
    );
  });

  it('shows a segment that is gone', async () => {
    for (const place of segments.filter(({ first }, at) => !isUncovered(segments[at] as Place, first + 1))) {
      const root = copyOf();
      rmSync(join(root, place.file));
      const [finding] = (await verifyRoot(root)).findings;
      expect(finding).toMatchObject({ writer: place.writer, seq: place.first + 1 });
    }
  });

  it('shows a writer that is gone, with all its records', async () => {
    for (const writer of new Set(segments.map((place) => place.writer as string))) {
      const root = copyOf();
      rmSync(join(root, 'writers', writer), { recursive: true });
      expect((await verifyRoot(root)).findings[0]).toMatchObject({ kind: 'writer-missing', writer, seq: 1 });
    }
  });

  it('shows that all checkpoints are gone', async () => {
    const root = copyOf();
    rmSync(join(root, 'checkpoints.log'));
    expect((await verifyRoot(root)).findings[0]).toMatchObject({ kind: 'checkpoint-missing', checkpoint: 1 });
  });

  it('shows a chain that was written anew from some record on', async () => {
    const root = copyOf();
    const place = segments.find(({ first, lines }) => first === 0 && lines.length > 4) as Place;
    // Everything of this chain in one segment, so that no later header gives it away.
    const chain = segments.filter(({ writer }) => writer === place.writer);
    for (const { file } of chain.slice(1)) rmSync(join(root, file));
    const records = chain.flatMap(({ lines }) => lines.slice(1));
    const forged = [place.lines[0] as string];
    let hash = (JSON.parse(forged[0] as string) as { previous: string }).previous;
    for (const [at, line] of records.entries()) {
      const canonical = at < 2 ? line.slice(65) : line.slice(65).replaceAll('booking-bot', 'somebody-else');
      hash = nextHash(hash, canonical);
      forged.push(recordLine({ hash, canonical }));
    }
    writeFileSync(join(root, place.file), joined(forged));
    const [finding] = (await verifyRoot(root)).findings;
    expect(finding).toMatchObject({ kind: 'rewritten', writer: place.writer, seq: 1 });
  });

  it('shows a signature that is spelled otherwise, though it decodes to the same bytes', async () => {
    const [first, ...rest] = checkpoints.lines as [string, ...string[]];
    const end = first.indexOf(' ') - 1;
    const same = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      .split('')
      .filter(
        (letter) =>
          letter !== first[end] &&
          Buffer.from(first.slice(0, end) + letter, 'base64url').equals(
            Buffer.from(first.slice(0, end + 1), 'base64url'),
          ),
      );
    expect(same.length).toBeGreaterThan(0);
    for (const letter of same) {
      const finding = await after(checkpoints, () =>
        joined([first.slice(0, end) + letter + first.slice(end + 1), ...rest]),
      );
      expect(finding).toMatchObject({ kind: 'signature', checkpoint: 1 });
    }
  });

  it('shows checkpoints that were signed anew with another key', async () => {
    const forger = readSigningKey(makeSigningKey());
    const body = { ...(readCheckpoint(checkpoints.lines[0] as string) as SignedCheckpoint).body, keyId: forger.id };
    const forged = checkpointLine(signCheckpoint(body, forger.privateKey));
    const finding = await after(checkpoints, () => joined([forged, ...checkpoints.lines.slice(1)]));
    expect(finding).toMatchObject({ kind: 'signature', checkpoint: 1 });
  });

  it('shows that all of it was rolled back, to whoever kept a checkpoint', async () => {
    const root = copyOf();
    const kept = readCheckpoint(checkpoints.lines.at(-1) as string) as SignedCheckpoint;
    const second = readCheckpoint(checkpoints.lines[0] as string) as SignedCheckpoint;
    // The whole directory as it was after the first checkpoint.
    writeFileSync(join(root, 'checkpoints.log'), joined(checkpoints.lines.slice(0, 1)));
    for (const { id, count } of second.body.writers) {
      for (const place of segments.filter(({ writer }) => writer === id)) {
        const left = place.lines.slice(0, Math.max(0, count - place.first + 1));
        if (left.length === 0) rmSync(join(root, place.file));
        else writeFileSync(join(root, place.file), joined(left));
      }
    }
    const named = new Set(second.body.writers.map(({ id }) => id));
    for (const { writer } of segments)
      if (!named.has(writer as string))
        rmSync(join(root, 'writers', writer as string), { recursive: true, force: true });
    const store = new SegmentStore({ root, clock: tickingClock() });
    const options = { installation: store.installation, keys: trusted };
    expect((await verifyLog(logStream(store), options)).findings).toEqual([]);
    const anchored = await verifyLog(logStream(store), { ...options, anchors: [kept] });
    expect(anchored.findings[0]).toMatchObject({ kind: 'checkpoint-missing', checkpoint: 2 });
  });
});

it('a longer log takes no more memory to verify: what is known of a checkpoint goes with it', async () => {
  const { log, store } = await openLog();
  for (let round = 0; round < 40; round++) {
    await fill(log, 1);
    await log.checkpoint();
  }
  const findings: Finding[] = [];
  const chains = new Map<string, ChainCheck>();
  const chainOf = (id: string): ChainCheck => {
    const chain = chains.get(id) ?? new ChainCheck(store.installation, id, findings);
    chains.set(id, chain);
    return chain;
  };
  const options = { installation: store.installation, keys: trusted };
  const check = new CheckpointCheck(options, { chainOf, removals: new Map(), findings });
  let most = 0;
  for await (const items of logStream(store)) {
    for (const item of items) {
      if (item.kind === 'checkpoint') check.take(item.line);
      if (item.kind !== 'record') continue;
      const claim = chainOf(item.writer).take(item);
      check.addLeaf(item.hash);
      if (claim) check.claim(claim);
    }
    most = Math.max(most, check.inMind);
  }
  await check.conclude();
  expect([findings, check.count]).toEqual([[], 40]);
  expect(most).toBeLessThan(3);
});

describe('a log that grows while it is verified', () => {
  it('verifies, checkpoints made meanwhile included', async () => {
    const { log, store } = await openLog();
    await fill(log, 500);
    await log.checkpoint();
    const items = logStream(store);
    const more = (async () => {
      for (let at = 0; at < 5; at++) {
        await fill(log, 50);
        await log.checkpoint();
      }
    })();
    const report = await verifyLog(items, {
      installation: store.installation,
      keys: trusted,
      latest: () => log.latestCheckpoint(),
    });
    await more;
    expect(report.findings).toEqual([]);
    expect(report.records).toBeGreaterThanOrEqual(500);
  });
});
