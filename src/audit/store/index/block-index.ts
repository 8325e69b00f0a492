import { closeSync, readSync } from 'node:fs';
import { listSegments, listWriters, paths } from '../segments/layout.ts';
import { ChainEnd, LINE_FEED, openSegment, type Block, type FinishedBlock } from './chain-end.ts';
import { IndexFile, isSame, StoredBlock } from './index-file.ts';
import { Newest } from './newest.ts';
import type { IndexRequest } from './protocol.ts';
import { answersIn, questionOf, type Question } from './question.ts';

type Own = IndexRequest['ours'][number] | undefined;

const BLOCK = 256 * 1024;
/** So often what is looked at may change under the look; then something is wrong with it. */
const ATTEMPTS = 10;
/** Sorts behind every time. */
const FOR_EVER = '~';

export interface BlockIndexOptions {
  /** How much of a segment is a block, about. */
  readonly blockBytes?: number;
}

/** The index as its worker holds it; everything here blocks. */
export class BlockIndex {
  readonly #root: string;
  readonly #blockBytes: number;
  #file: IndexFile;
  /** The version of the file for which what is below holds. */
  #version: unknown;
  #writers = '';
  /** By writer: what is no block yet, and the segments there were. */
  readonly #chains = new Map<string, { readonly end: ChainEnd; readonly segments: string }>();
  /** Writers whose blocks are not what lies in the segments. */
  readonly #lost = new Set<string>();

  constructor(root: string, { blockBytes = BLOCK }: BlockIndexOptions = {}) {
    this.#root = root;
    this.#blockBytes = blockBytes;
    this.#file = new IndexFile(paths.index(root));
  }

  /**
   * Reads what the segments have got since, then answers. Where the index cannot be written (a full
   * disk, a read-only one) or is damaged, a copy in memory takes its place: questions are answered all
   * the same.
   */
  answer(request: IndexRequest): readonly string[] {
    try {
      return this.#answer(request);
    } catch (error) {
      if (this.#file.isInMemory) throw error;
      this.#file.close();
      this.#file = new IndexFile();
      this.#chains.clear();
      return this.#answer(request);
    }
  }

  close(): void {
    this.#file.close();
  }

  #answer({ ours, query }: IndexRequest): readonly string[] {
    const question = query && questionOf(query);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#catchUp(ours);
      if (!question) return [];
      const found = this.#file.reading(() => this.#find(question, ours));
      if (found) return found;
    }
    throw new Error('the segments change while they are read');
  }

  #catchUp(ours: IndexRequest['ours']): void {
    const version = this.#file.version();
    const writers = listWriters(this.#root);
    if (writers.join() !== this.#writers) this.#file.keepWriters(writers);
    for (const writer of this.#lost) this.#file.forget(writer);
    if (version !== this.#version || this.#lost.size > 0) this.#dropMoved();
    this.#lost.clear();
    for (const writer of writers) {
      const own = ours.find((each) => each.writer === writer);
      for (let attempt = 0; !this.#follow(writer, own); attempt++) {
        if (attempt === ATTEMPTS) throw new Error(`the chain \`${writer}\` changes while it is read`);
      }
    }
    this.#writers = writers.join();
    this.#version = version;
  }

  /** Drops ends that do not go on where what is stored ends: another process has stored more, or forgotten it. */
  #dropMoved(): void {
    for (const [writer, { end }] of this.#chains) {
      if (!isSame(this.#file.placeOf(writer), end.stored)) this.#chains.delete(writer);
    }
  }

  /** Follows a chain to its end; false when something is not as it was, and has been forgotten. */
  #follow(writer: string, own: Own): boolean {
    const listed = listSegments(this.#root, writer);
    const known = this.#chains.get(writer);
    // What retention has removed is not found any more.
    if (known?.segments !== listed.join()) this.#file.keepSegments(writer, listed);
    const segments = listed.filter((first) => own === undefined || first <= own.segment);
    const end = known?.end ?? new ChainEnd(writer, this.#file.placeOf(writer), segments[0] ?? 0);
    this.#chains.delete(writer);
    if (segments.length === 0) return true;
    for (;;) {
      const next = segments.find((first) => first > end.segment);
      const limit = own?.segment === end.segment ? own.bytes : Infinity;
      const reading = { root: this.#root, limit, isLast: next === undefined, blockBytes: this.#blockBytes };
      const { state, blocks } = end.readOn(reading);
      // What was taken in last is not there any more: another process had written a batch that then
      // failed and was taken back, or the file was exchanged.
      if (state === 'changed') {
        if (end.isFresh) this.#file.forget(writer);
        return false;
      }
      const finished = state === 'end' && next !== undefined ? [...blocks, ...end.enter(next)] : blocks;
      if (finished.length > 0 && !this.#store(end, finished)) return false;
      if (state === 'end' && next === undefined) break;
    }
    this.#chains.set(writer, { end, segments: listed.join() });
    return true;
  }

  /** False when another process was first. */
  #store(end: ChainEnd, blocks: readonly FinishedBlock[]): boolean {
    if (!this.#file.store(end.writer, end.stored, blocks)) return false;
    end.stored = blocks.at(-1);
    return true;
  }

  /** The canonical texts that answer; undefined when what was to be read is not what was taken in. */
  #find(question: Question, ours: IndexRequest['ours']): readonly string[] | undefined {
    // Somebody else has stored or forgotten something in between.
    if (this.#file.version() !== this.#version) return undefined;
    const newest = new Newest(question.query.limit + 1);
    for (const candidate of this.#latestFirst(question)) {
      if (newest.areAllAfter(candidate.greatest)) break;
      if (!question.terms.every((group) => group.some((term) => candidate.has(term)))) continue;
      const block = candidate instanceof StoredBlock ? this.#file.block(candidate) : candidate;
      const lines = readBlock(this.#root, block);
      if (lines === undefined) {
        this.#chains.delete(block.writer);
        if (listSegments(this.#root, block.writer).includes(block.segment)) this.#lost.add(block.writer);
        return undefined;
      }
      const own = ours.find(({ writer }) => writer === block.writer);
      newest.add(answersIn(durablePart(lines, block, own), block.writer, question));
    }
    return newest.texts();
  }

  /** What may hold records of the time that is asked for. */
  *#latestFirst({ query: { filter, after } }: Question): Generator<ChainEnd | StoredBlock> {
    const stretch = { from: filter.from ?? '', before: filter.to ?? FOR_EVER, upTo: after?.[0] ?? FOR_EVER };
    const ends = [...this.#chains.values()]
      .map(({ end }) => end)
      .filter(
        ({ greatest, least }) =>
          least !== '' && least < stretch.before && least <= stretch.upTo && greatest >= stretch.from,
      )
      .toSorted((left, right) => (left.greatest > right.greatest ? -1 : 1));
    for (const block of this.#file.candidates(stretch)) {
      while (ends[0] !== undefined && ends[0].greatest >= block.greatest) yield ends.shift() as ChainEnd;
      yield block;
    }
    yield* ends;
  }
}

let buffer = Buffer.alloc(0);

/** The lines of a block, valid until the next is read; undefined when they are not what was taken in. */
function readBlock(root: string, { writer, segment, offset, end, lastOffset, lastMark }: Block): Buffer | undefined {
  const fd = openSegment(paths.segment(root, writer, segment));
  if (fd === undefined) return undefined;
  try {
    // Memory that is new costs more than the reading.
    if (buffer.length < end - offset) buffer = Buffer.allocUnsafe(end - offset);
    const lines = buffer.subarray(0, end - offset);
    const length = readSync(fd, lines, 0, lines.length, offset);
    const last = lastOffset - offset;
    const isWhole = length === lines.length && lines.lastIndexOf(LINE_FEED) === length - 1;
    return isWhole && lines.toString('latin1', last, last + lastMark.length) === lastMark ? lines : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Another process may have taken in of a chain of ours what is not durable yet, and may not become so. */
function durablePart(lines: Buffer, { segment, offset }: Block, own: Own): Buffer {
  if (own === undefined || segment < own.segment) return lines;
  return lines.subarray(0, segment > own.segment ? 0 : Math.max(0, own.bytes - offset));
}
