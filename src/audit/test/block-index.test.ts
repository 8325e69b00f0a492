import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent, AuditRecord } from '#contract';
import { genesis, type Head } from '../chain/chain.ts';
import { Sealer } from '../chain/seal.ts';
import { buildRecord } from '../record/build-record.ts';
import { encodeRecord } from '../record/encode-record.ts';
import { RecordIds } from '../record/record-ids.ts';
import { BlockIndex } from '../store/index/block-index.ts';
import { matches, questionOf } from '../store/index/question.ts';
import { holds, readTerms, Terms } from '../store/index/terms.ts';
import type { AuditFilter, CursorPlace } from '../store/query.ts';
import { listSegments, paths, segmentHeader } from '../store/segments/layout.ts';
import { event, START, suiteScratch } from './audit.fixture.ts';

const INSTALLATION = '0'.repeat(26);
const ids = new RecordIds();
const sealer = new Sealer();

/** A chain in files, and in memory what they hold. */
class WrittenChain {
  readonly writer: string;
  readonly #root: string;
  #head: Head;
  #segment = 0;
  /** Where the last record of each batch ends, in the segment that is written. */
  #ends: number[] = [];
  records: AuditRecord[] = [];

  constructor(root: string, at: number) {
    this.#root = root;
    this.writer = `wr${at}`.padEnd(26, 'x');
    this.#head = genesis(INSTALLATION, this.writer);
    mkdirSync(paths.writer(root, this.writer), { recursive: true });
  }

  /** Appends a batch; one that is told to be new begins a segment. */
  append(events: readonly Told[], begin = false): void {
    if (this.#segment === 0 || (begin && this.#head.seq >= this.#segment)) {
      this.#segment = this.#head.seq + 1;
      this.#ends = [];
      appendFileSync(this.file, `${segmentHeader(INSTALLATION, this.writer, this.#head)}\n`);
    }
    const placed = events.map(({ ms, ...overrides }) => {
      const now = START + ms;
      const place = { id: ids.next(now), writer: this.writer, time: new Date(now).toISOString() };
      return encodeRecord(buildRecord(event(overrides), place));
    });
    const { lines, head } = sealer.seal(placed, this.#head);
    writeAt(this.file, this.end, lines);
    this.#head = head;
    this.#ends.push(this.end);
    this.records.push(
      ...placed.map(({ beforeSeq, afterSeq }, at) =>
        JSON.parse(`${beforeSeq}${head.seq - events.length + 1 + at}${afterSeq}`),
      ),
    );
  }

  get file(): string {
    return paths.segment(this.#root, this.writer, this.#segment);
  }

  get end(): number {
    return readFileSync(this.file).lastIndexOf('\n') + 1;
  }

  get own(): { writer: string; segment: number; bytes: number } {
    return { writer: this.writer, segment: this.#segment, bytes: this.#segment === 0 ? 0 : this.end };
  }

  /** The segment is longer than what it holds; what comes is written over the zeros. */
  layOut(bytes: number): void {
    if (this.#segment > 0) truncateSync(this.file, statSync(this.file).size + bytes);
  }

  /** The last batch of the segment failed, and other records come in its place. */
  takeBack(events: readonly Told[]): void {
    const [before, last] = this.#ends.slice(-2);
    if (before === undefined || last === undefined) return;
    const lines = readFileSync(this.file, 'utf8').slice(0, before).split('\n');
    truncateSync(this.file, before);
    this.#ends.pop();
    const line = lines.at(-2) as string;
    const { seq } = JSON.parse(line.slice(65)) as AuditRecord;
    this.#head = { seq, hash: line.slice(0, 64) };
    this.records = this.records.filter((record) => record.seq <= seq);
    this.append(events);
  }

  /** Retention. */
  removeFirst(): void {
    const [first, second] = listSegments(this.#root, this.writer);
    if (first === undefined || second === undefined) return;
    rmSync(paths.segment(this.#root, this.writer, first));
    this.records = this.records.filter(({ seq }) => seq >= second);
  }
}

type Told = Partial<AuditEvent> & { readonly ms: number };

// Few values, so that questions meet records; among them such as look like something else in a line.
const word = fc.constantFrom('a', 'b', 'naïve ☃', '"sub":"a"', 'back\\slash"', '\u0001\n', '"');
const digest = fc.constantFrom('A', 'B').map((letter) => `hs256:00000000:${letter.repeat(43)}`);
const outcome = fc.constantFrom('success', 'failure', 'denied', 'intent');
const told: fc.Arbitrary<Told> = fc.record(
  {
    ms: fc.nat({ max: 40 }),
    type: word,
    action: word,
    class: fc.constantFrom('tool-call', 'administration'),
    actor: fc.record({ kind: fc.constantFrom('agent', 'user'), iss: word, sub: word, name: word }),
    object: fc.record(
      { kind: fc.constantFrom('tool', 'user'), namespace: word, name: word, id: word },
      { requiredKeys: ['kind', 'namespace', 'name'] },
    ),
    delegation: fc.array(fc.record({ iss: word, sub: word }), { maxLength: 2 }),
    outcome,
    requestId: word,
    argumentsDigest: digest,
    details: fc.dictionary(fc.constantFrom('time', 'sub', 'note'), word, { maxKeys: 2 }),
  },
  { requiredKeys: ['ms'] },
);
const batch = fc.array(told, { minLength: 1, maxLength: 6 });
const moment = fc.nat({ max: 41 }).map((ms) => new Date(START + ms).toISOString());
const filter: fc.Arbitrary<AuditFilter> = fc
  .record(
    {
      actor: word,
      issuer: word,
      class: fc.constantFrom('tool-call', 'administration'),
      type: word,
      action: word,
      objectKind: fc.constantFrom('tool', 'user'),
      namespace: word,
      object: word,
      objectId: word,
      subject: word,
      outcome,
      requestId: word,
      argumentsDigest: digest,
      from: moment,
      to: moment,
    },
    { requiredKeys: [] },
  )
  // Three at most, or nothing is ever found.
  .chain((all) => fc.subarray(Object.keys(all), { maxLength: 3 }).map((some) => pick(all, some)));
const pick = (all: object, some: readonly string[]): AuditFilter =>
  Object.fromEntries(Object.entries(all).filter(([field]) => some.includes(field))) as AuditFilter;

/** What a filter means, in so many words. */
function holdsFor(record: AuditRecord, asked: AuditFilter): boolean {
  const { actor, object, delegation = [] } = record;
  const person = object?.kind === 'user' ? object.id : undefined;
  const subjects = [actor.sub, ...delegation.map(({ sub }) => sub), person];
  const pairs: readonly (readonly [string | undefined, string | undefined])[] = [
    [asked.id, record.id],
    [asked.actor, actor.sub],
    [asked.issuer, actor.iss],
    [asked.class, record.class],
    [asked.type, record.type],
    [asked.action, record.action],
    [asked.objectKind, object?.kind],
    [asked.namespace, object?.namespace],
    [asked.object, object?.name],
    [asked.objectId, object?.id],
    [asked.outcome, record.outcome],
    [asked.requestId, record.requestId],
    [asked.argumentsDigest, record.argumentsDigest],
  ];
  return (
    pairs.every(([wanted, value]) => wanted === undefined || wanted === value) &&
    (asked.subject === undefined || subjects.includes(asked.subject)) &&
    (asked.from === undefined || record.time >= asked.from) &&
    (asked.to === undefined || record.time < asked.to)
  );
}

const order = (left: AuditRecord, right: AuditRecord): number =>
  left.time !== right.time
    ? left.time < right.time
      ? 1
      : -1
    : left.writer !== right.writer
      ? left.writer < right.writer
        ? 1
        : -1
      : right.seq - left.seq;

const places = (records: readonly AuditRecord[]): string[] =>
  records.map(({ writer, seq, id }) => `${writer} ${seq} ${id}`);

interface Asked {
  readonly filter: AuditFilter;
  readonly limit: number;
}

/** All pages of an answer. */
function pagesOf(
  index: BlockIndex,
  { filter: asked, limit }: Asked,
  ours: readonly WrittenChain['own'][],
): AuditRecord[] {
  const all: AuditRecord[] = [];
  let after: CursorPlace | undefined;
  for (;;) {
    const texts = index.answer({ id: 1, ours, query: { filter: asked, limit, ...(after && { after }) } });
    const page = texts.slice(0, limit).map((text) => JSON.parse(text) as AuditRecord);
    all.push(...page);
    const last = page.at(-1);
    if (texts.length <= limit || last === undefined) return all;
    after = [last.time, last.writer, last.seq];
  }
}

type Change =
  | {
      readonly do: 'append' | 'take-back';
      readonly chain: number;
      readonly batch: readonly Told[];
      readonly begin: boolean;
    }
  | { readonly do: 'lay-out'; readonly chain: number; readonly bytes: number }
  | { readonly do: 'remove'; readonly chain: number };
type Step = Change | { readonly do: 'reopen' | 'ask-elsewhere' } | ({ readonly do: 'ask' } & Asked);

function change(written: WrittenChain, step: Change): void {
  if (step.do === 'append') written.append(step.batch, step.begin);
  else if (step.do === 'take-back') written.takeBack(step.batch);
  else if (step.do === 'lay-out') written.layOut(step.bytes);
  else written.removeFirst();
}

const chain = fc.nat({ max: 2 });
const asked = { filter, limit: fc.integer({ min: 1, max: 7 }) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), chain, batch, begin: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take-back' as const), chain, batch, begin: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lay-out' as const), chain, bytes: fc.constantFrom(1, 4096, 70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), chain }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'ask-elsewhere' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('ask' as const), ...asked }) },
);

/** Runs `action` on an empty log. */
function withRoot(action: (root: string) => void): void {
  const { directory, remove } = suiteScratch();
  try {
    mkdirSync(paths.writers(directory));
    action(directory);
  } finally {
    remove();
  }
}

it('the terms of a block are all that were added, each once, in order', () => {
  // Few slots, so that many share one.
  const term = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 4_000_000 })).map(([slot, high]) => high * 1024 + slot);
  fc.assert(
    fc.property(fc.array(term, { maxLength: 3000, size: 'max' }), term, (added, other) => {
      const terms = new Terms();
      for (const each of added) terms.add(each);
      const sorted = terms.sorted();
      expect([...sorted]).toEqual([...new Set(added)].toSorted((left, right) => left - right));
      for (const each of [...added.slice(0, 9), other]) {
        expect([terms.has(each), holds(sorted, each)]).toEqual([added.includes(each), added.includes(each)]);
      }
    }),
  );
});

it('a record has all terms and bytes of a question that it answers', () => {
  fc.assert(
    fc.property(told, fc.infiniteStream(fc.nat()), ({ ms, ...overrides }, picks) => {
      const place = { id: ids.next(START), writer: 'w'.repeat(26), time: new Date(START + ms).toISOString() };
      const { beforeSeq, afterSeq } = encodeRecord(buildRecord(event(overrides), place));
      const line = Buffer.from(`${beforeSeq}1${afterSeq}`);
      const record = JSON.parse(line.toString()) as AuditRecord;
      const terms = new Terms();
      const timeAt = readTerms(line, 0, line.length, terms);
      expect(line.toString('latin1', timeAt, timeAt + 24)).toBe(record.time);
      const { actor, object, delegation = [] } = record;
      const subjects = [
        actor.sub,
        ...delegation.map(({ sub }) => sub),
        ...(object?.kind === 'user' ? [object.id] : []),
      ];
      const values = {
        id: [record.id],
        actor: [actor.sub],
        issuer: [actor.iss],
        class: [record.class],
        type: [record.type],
        action: [record.action],
        objectKind: [object?.kind],
        namespace: [object?.namespace],
        object: [object?.name],
        objectId: [object?.id],
        subject: subjects,
        outcome: [record.outcome],
        requestId: [record.requestId],
        argumentsDigest: [record.argumentsDigest],
      };
      for (const [field, possible] of Object.entries(values)) {
        const value = possible[(picks.next().value as number) % possible.length];
        if (value === undefined) continue;
        const asked = { [field]: value } as AuditFilter;
        const question = questionOf({ filter: asked, limit: 1 });
        expect(matches(record, asked)).toBe(true);
        expect(question.terms.map((group) => group.some((term) => terms.has(term)))).toEqual([true]);
        expect(question.bytes.map((bytes) => line.includes(bytes))).toEqual([true]);
      }
    }),
    { numRuns: 1000 },
  );
});

describe('the index by block', { timeout: 300_000 }, () => {
  // One line a block up to all lines in one.
  const blockBytes = fc.constantFrom(1, 1500, 4000, 100_000);

  it('gives what filtering all records gives, whatever was asked and whatever became of the files before', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 25 }), blockBytes, asked.limit, (steps, bytes, limit) => {
        withRoot((root) => {
          const chains = [0, 1, 2].map((at) => new WrittenChain(root, at));
          const elsewhere = new BlockIndex(root, { blockBytes: bytes });
          let index = new BlockIndex(root, { blockBytes: bytes });
          const compare = (from: BlockIndex, question: Asked): void => {
            const expected = chains
              .flatMap(({ records }) => records)
              .filter((record) => holdsFor(record, question.filter))
              .toSorted(order);
            expect(places(pagesOf(from, question, []))).toEqual(places(expected));
          };
          for (const next of [...steps, { do: 'ask' as const, filter: {}, limit }]) {
            if ('chain' in next) change(chains[next.chain] as WrittenChain, next);
            else if (next.do === 'ask') compare(index, next);
            else if (next.do === 'ask-elsewhere') compare(elsewhere, { filter: {}, limit });
            else {
              index.close();
              index = new BlockIndex(root, { blockBytes: bytes });
            }
          }
          index.close();
          elsewhere.close();
        });
      }),
      { numRuns: 100 },
    );
  });

  it('gives of the own chain what is durable, also when another process has seen more', () => {
    fc.assert(
      fc.property(fc.array(batch, { minLength: 2, maxLength: 6 }), blockBytes, (batches, bytes) => {
        withRoot((root) => {
          const written = new WrittenChain(root, 0);
          const [mine, theirs] = [0, 1].map(() => new BlockIndex(root, { blockBytes: bytes })) as [
            BlockIndex,
            BlockIndex,
          ];
          for (const events of batches) {
            const durable = { own: written.own, records: written.records.length };
            written.append(events);
            const question = { filter: {}, limit: 1000 };
            expect(pagesOf(theirs, question, [])).toHaveLength(written.records.length);
            expect(pagesOf(mine, question, [durable.own])).toHaveLength(durable.records);
          }
          mine.close();
          theirs.close();
        });
      }),
      { numRuns: 25 },
    );
  });

  it('forgets a chain whose file was exchanged, in its middle as well as at its end', () => {
    withRoot((root) => {
      const written = new WrittenChain(root, 0);
      const other = new WrittenChain(join(root, 'other'), 0);
      for (const action of ['mine', 'theirs']) {
        for (let at = 0; at < 20; at++) (action === 'mine' ? written : other).append([{ ms: at, action }], at === 10);
      }
      const index = new BlockIndex(root, { blockBytes: 1500 });
      const count = (action: string): number => pagesOf(index, { filter: { action }, limit: 100 }, []).length;
      expect([count('mine'), count('theirs')]).toEqual([20, 0]);
      // At the end of the chain it shows at once, before anything is skipped for what it does not have.
      copyFileSync(other.file, written.file);
      expect([count('theirs'), count('mine')]).toEqual([10, 10]);
      // In the middle it shows when it is read.
      const first = paths.segment(root, written.writer, 1);
      copyFileSync(paths.segment(join(root, 'other'), written.writer, 1), first);
      expect([count('mine'), count('theirs')]).toEqual([0, 20]);
      index.close();
      // And that was not from memory, because the file could not be brought in order.
      const database = new DatabaseSync(paths.index(root));
      const marks = database.prepare('select last_mark from blocks').all();
      database.close();
      const lines = readFileSync(first, 'utf8') + readFileSync(written.file, 'utf8');
      expect(marks.length).toBeGreaterThan(3);
      expect(marks.filter((row) => !lines.includes(row['last_mark'] as string))).toEqual([]);
    });
  });

  it('takes in nothing behind a zero byte until it is written over', () => {
    withRoot((root) => {
      const written = new WrittenChain(root, 0);
      written.append([{ ms: 1 }, { ms: 2 }]);
      const index = new BlockIndex(root);
      const found = (action: string): number => pagesOf(index, { filter: { action }, limit: 100 }, []).length;
      const { end } = written;
      written.append([{ ms: 3, action: 'late' }]);
      const bytes = readFileSync(written.file);
      // The line has its hash and its end, and in between not yet what it says.
      writeAt(written.file, 0, Buffer.from(bytes).fill(0, end + 64, end + 100));
      expect([found('call'), found('late')]).toEqual([2, 0]);
      writeAt(written.file, 0, bytes);
      expect([found('call'), found('late')]).toEqual([2, 1]);
      index.close();
    });
  });

  it('forgets what retention has removed, on disk as well', () => {
    withRoot((root) => {
      const written = new WrittenChain(root, 0);
      for (let at = 0; at < 9; at++) written.append([{ ms: at }], at % 3 === 0);
      const index = new BlockIndex(root, { blockBytes: 1 });
      expect(pagesOf(index, { filter: {}, limit: 4 }, [])).toHaveLength(9);
      written.removeFirst();
      expect(pagesOf(index, { filter: {}, limit: 4 }, [])).toHaveLength(6);
      index.close();
      const database = new DatabaseSync(paths.index(root));
      expect(database.prepare('select distinct segment from blocks order by 1').all()).toEqual([
        { segment: 4 },
        { segment: 7 },
      ]);
      database.close();
    });
  });
});

/** Writes over what is there; an end behind it stays. */
function writeAt(file: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}
