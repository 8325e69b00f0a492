import type { Clock } from '#kernel';
import type { Head } from '../../chain/chain.ts';
import type { SealedBatch } from '../../chain/seal.ts';
import type { WriterLog } from '../store.ts';
import { AppendFile } from './append-file.ts';
import type { Disk } from './disk.ts';
import { paths, segmentHeader } from './layout.ts';
import type { ProcessLock } from './process-lock.ts';
import type { Tail } from './recover-tail.ts';

/** When a segment has had enough: whichever comes first. */
export interface Rotation {
  readonly bytes: number;
  readonly ms: number;
}

export interface SegmentWriterOptions {
  readonly root: string;
  readonly installation: string;
  readonly id: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly rotation: Rotation;
  readonly lock: ProcessLock;
}

/** A chain in segment files, open for appending by this process. */
export class SegmentWriter implements Omit<WriterLog, 'settle'> {
  readonly id: string;
  readonly #options: SegmentWriterOptions;
  #head: Head;
  #segment: { readonly first: number; readonly file: AppendFile; readonly since: number } | undefined;

  constructor(options: SegmentWriterOptions, tail: Tail) {
    this.id = options.id;
    this.#options = options;
    this.#head = tail.head;
    if (tail.segment) {
      const { first, bytes } = tail.segment;
      const path = paths.segment(options.root, options.id, first);
      const file = AppendFile.continuing(options.disk, path, bytes, { grows: true });
      this.#segment = { first, file, since: options.clock.now() };
    }
  }

  get head(): Head {
    return this.#head;
  }

  /** Where durable content ends; undefined before the first record. */
  get end(): { readonly segment: number; readonly bytes: number } | undefined {
    return this.#segment && { segment: this.#segment.first, bytes: this.#segment.file.length };
  }

  async append(batch: SealedBatch): Promise<void> {
    if (this.#segment === undefined || this.#isFull(this.#segment)) await this.#begin();
    await this.#segment?.file.append(batch.lines);
    this.#head = batch.head;
  }

  async close(): Promise<void> {
    await this.#segment?.file.close();
    this.#options.lock.release();
  }

  #isFull({ file, since, first }: { first: number; file: AppendFile; since: number }): boolean {
    const { rotation, clock } = this.#options;
    // One without a record is never full: its successor would have its name.
    if (first > this.#head.seq) return false;
    return file.length >= rotation.bytes || clock.now() - since >= rotation.ms;
  }

  /**
   * The next segment: its first line is durable, and then its name, before a record goes in. A crash
   * in between leaves a segment without a first line, which recovery drops.
   */
  async #begin(): Promise<void> {
    const { root, installation, id, disk, clock } = this.#options;
    const first = this.#head.seq + 1;
    const file = await AppendFile.create(disk, paths.segment(root, id, first), { grows: true });
    try {
      await file.append(Buffer.from(`${segmentHeader(installation, id, this.#head)}\n`));
      await disk.syncDirectory(paths.writer(root, id));
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#segment?.file.close();
    this.#segment = { first, file, since: clock.now() };
  }
}
