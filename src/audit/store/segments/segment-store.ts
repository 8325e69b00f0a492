import { closeSync, existsSync, fdatasyncSync, lstatSync, openSync } from 'node:fs';
import { ChatelaineError, newId, type Clock } from '#kernel';
import { checkpointLine, lastReadable, type SignedCheckpoint } from '../../checkpoint/checkpoint.ts';
import type { Head } from '../../chain/chain.ts';
import { auditError } from '../../errors.ts';
import { IndexClient } from '../index/index.ts';
import { answerPage, type AuditFilter } from '../query.ts';
import type {
  AuditStore,
  LogEntry,
  OpenedWriter,
  Page,
  PageRequest,
  ReceiverCursor,
  StoreNotice,
  WriterLog,
  WriterState,
} from '../store.ts';
import { signedRemovals } from '../../retention/removals.ts';
import { AppendFile } from './append-file.ts';
import { claimFileCursor, readFileCursor } from './file-cursor.ts';
import { systemDisk, type Disk } from './disk.ts';
import { listSegments, listWriters, paths } from './layout.ts';
import { checkOurs, prepareDirectory, readOrCreate } from './private-files.ts';
import { tryLock, type ProcessLock } from './process-lock.ts';
import { readChain } from './read-chain.ts';
import { readHashes, type ChainPlace } from './read-hashes.ts';
import { readEnd, readLines } from './read-lines.ts';
import { offsetAfter } from './find-checkpoint.ts';
import { removableSegments, removeSegments } from './remove-segments.ts';
import { repairTail, findTail, type Tail } from './recover-tail.ts';
import { SegmentWriter, type Rotation } from './segment-writer.ts';

export interface SegmentStoreOptions {
  /** The folder; made where missing. */
  readonly root: string;
  readonly clock: Clock;
  readonly rotation?: Rotation;
  readonly disk?: Disk;
  /** So many bytes appended, and the index follows without having been asked. */
  readonly indexBehind?: number;
  /** How much of a segment the index takes for a block, in bytes. */
  readonly indexBlock?: number;
  /** It is there, and nothing is made: for who looks. */
  readonly mustExist?: boolean;
}

const ROTATION: Rotation = { bytes: 64 * 1024 * 1024, ms: 24 * 3_600_000 };
// A first question then waits for a fraction of a second; whole blocks are stored, many with one commit.
const INDEX_BEHIND = 64 * 1024 * 1024;

/** The log of one host, in segment files of a folder. Several processes may have it open. */
export class SegmentStore implements AuditStore {
  readonly installation: string;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #rotation: Rotation;
  readonly #disk: Disk;
  readonly #index: IndexClient;
  readonly #indexBehind: number;
  readonly #ours = new Map<string, SegmentWriter>();
  /** Where the last checkpoint ended in each chain: the next begins there. */
  readonly #places = new Map<string, ChainPlace>();
  /** Where the last reading ended: whoever follows the log goes on there. */
  readonly #read = new Map<string, ChainPlace>();
  #unindexed = 0;

  /**
   * Opens the folder. Throws `AUDIT_UNSAFE` when others may use it, and `AUDIT_UNAVAILABLE` when it
   * has to be made and cannot.
   */
  constructor(options: SegmentStoreOptions) {
    this.#root = options.root;
    this.#clock = options.clock;
    this.#rotation = options.rotation ?? ROTATION;
    this.#disk = options.disk ?? systemDisk;
    this.#index = new IndexClient(options.root, {
      ...(options.indexBlock !== undefined && { blockBytes: options.indexBlock }),
    });
    this.#indexBehind = options.indexBehind ?? INDEX_BEHIND;
    try {
      if (options.mustExist === true) {
        checkOurs(this.#root, 'directory');
      } else {
        prepareDirectory(this.#root);
        prepareDirectory(paths.writers(this.#root));
      }
      const make = (): Buffer => Buffer.from(`${newId(this.#clock.now())}\n`);
      this.installation = readOrCreate(paths.installation(this.#root), make).toString('utf8').trim();
    } catch (cause) {
      if (cause instanceof ChatelaineError) throw cause;
      throw auditError('AUDIT_UNAVAILABLE', `the audit log cannot be opened: ${(cause as Error).message}`, { cause });
    }
  }

  /** The first chain that nobody holds and that is as it should be; a new one where there is none. */
  async openWriter(left: ReadonlySet<string> = new Set()): Promise<OpenedWriter> {
    const covered = await this.#covered();
    const removals = await signedRemovals(this);
    const notices: StoreNotice[] = [];
    for (const id of listWriters(this.#root)) {
      // It may go on where it was copied from: two records of one number would be two truths.
      if (left.has(id) || existsSync(paths.closed(this.#root, id))) continue;
      const lock = tryLock(paths.lock(this.#root, id));
      if (!lock) continue;
      try {
        const tail = findTail(this.#root, this.installation, id, covered.get(id), removals.get(id));
        const notice = repairTail(this.#root, id, tail);
        return this.#opened(id, lock, tail, notice ? [...notices, notice] : notices);
      } catch (error) {
        lock.release();
        if (!(error instanceof ChatelaineError) || error.code !== 'AUDIT_DAMAGED') throw error;
        // The chain stays as it is, for `verify` and for people. Work goes on in another one.
        notices.push({ kind: 'damaged', writer: id, message: error.message });
      }
    }
    // Another process that starts at the same moment may find the new writer first. Then it is that
    // one's, which will look for no other: so each round is somebody's last.
    for (;;) {
      const id = newId(this.#clock.now());
      prepareDirectory(paths.writer(this.#root, id));
      await this.#disk.syncDirectory(paths.writers(this.#root));
      const lock = tryLock(paths.lock(this.#root, id));
      if (lock) return this.#opened(id, lock, findTail(this.#root, this.installation, id), notices);
    }
  }

  #opened(id: string, lock: ProcessLock, tail: Tail, notices: readonly StoreNotice[]): OpenedWriter {
    const writer = new SegmentWriter(
      {
        root: this.#root,
        installation: this.installation,
        id,
        disk: this.#disk,
        clock: this.#clock,
        rotation: this.#rotation,
        lock,
      },
      tail,
    );
    this.#ours.set(id, writer);
    const log: WriterLog = {
      id,
      get head() {
        return writer.head;
      },
      append: async (batch) => {
        await writer.append(batch);
        this.#appended(batch.lines.length);
      },
      // The file has cut off what failed, or does so before it takes anything else.
      settle: () => Promise.resolve({ kept: 0, goOn: true }),
      close: async () => {
        this.#ours.delete(id);
        await writer.close();
      },
    };
    return { log, notices };
  }

  /** A chain that nobody holds is held while its end is looked at: nobody shall continue it meanwhile. */
  async writers(): Promise<readonly WriterState[]> {
    const removals = await signedRemovals(this);
    return listWriters(this.#root).map((id): WriterState => {
      const own = this.#ours.get(id);
      if (own) return { id, head: own.head, held: 'ours' };
      const lock = this.#probe(id);
      if (lock === 'busy') return { id, head: undefined, held: 'busy' };
      try {
        return { id, head: this.#flushedHead(id, removals.get(id)), held: 'idle' };
      } catch (error) {
        // No checkpoint signs for more of it than one did before.
        const damaged = error instanceof ChatelaineError && error.code === 'AUDIT_DAMAGED';
        return { id, head: undefined, held: 'idle', ...(damaged && { damage: error.message }) };
      } finally {
        lock?.release();
      }
    });
  }

  /**
   * The end of a chain whose process is gone. It may have died before its last flush: a checkpoint
   * over these records must not outlive them.
   */
  #flushedHead(id: string, removed: Head | undefined): Head {
    const { head, segment } = findTail(this.#root, this.installation, id, 0, removed);
    if (segment) {
      const fd = openSync(paths.segment(this.#root, id, segment.first), 'r');
      try {
        fdatasyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }
    return head;
  }

  async *read(writer: string, after: number): AsyncGenerator<readonly LogEntry[]> {
    const own = this.#ours.get(writer);
    if (own && own.end === undefined) return;
    const lock = own ? undefined : this.#probe(writer);
    if (lock !== 'busy') lock?.release();
    yield* readChain({
      root: this.#root,
      installation: this.installation,
      writer,
      after,
      removed: (await signedRemovals(this)).get(writer),
      ...(own?.end && { end: own.end }),
      busy: lock === 'busy',
      ...(after > 0 && { known: this.#read.get(writer) }),
      reached: (place) => this.#read.set(writer, place),
    });
  }

  async *hashes(writer: string, after: number, upTo: number): AsyncGenerator<readonly Buffer[]> {
    const known = this.#places.get(writer);
    const end = yield* readHashes({ root: this.#root, writer, after, upTo, known });
    if (end && end.seq >= (known?.seq ?? 0)) this.#places.set(writer, end);
  }

  /** Undefined where there is nothing to hold, or nothing can be: then nobody writes either. */
  #probe(writer: string): ProcessLock | 'busy' | undefined {
    const file = paths.lock(this.#root, writer);
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    try {
      return tryLock(file) ?? 'busy';
    } catch {
      return undefined;
    }
  }

  async *checkpoints(after = 0): AsyncGenerator<string> {
    const path = paths.checkpoints(this.#root);
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
    for await (const lines of readLines(path, await offsetAfter(path, after))) {
      for (const { text, complete } of lines) yield complete ? (text ?? '') : '';
    }
  }

  async checkpointTurn<Value>(
    action: (append: (checkpoint: SignedCheckpoint) => Promise<void>) => Promise<Value>,
  ): Promise<Value | undefined> {
    const lock = tryLock(paths.checkpointLock(this.#root));
    if (!lock) return undefined;
    try {
      return await action((checkpoint) => this.#appendCheckpoint(checkpointLine(checkpoint)));
    } finally {
      lock.release();
    }
  }

  async #appendCheckpoint(line: string): Promise<void> {
    const path = paths.checkpoints(this.#root);
    const end = await readEnd(path);
    // An end without its line end is a checkpoint that a crash interrupted: nobody has seen it.
    const file = end ? AppendFile.continuing(this.#disk, path, end.bytes) : await AppendFile.create(this.#disk, path);
    try {
      if (!end) await this.#disk.syncDirectory(this.#root);
      await file.append(Buffer.from(`${line}\n`));
    } finally {
      await file.close();
    }
  }

  async lastCheckpoint(): Promise<string | undefined> {
    const end = await readEnd(paths.checkpoints(this.#root));
    // Without a single whole line, a crash came into the first: there is none yet.
    return end === undefined || end.bytes === 0 ? undefined : (end.line ?? '');
  }

  /** What the last checkpoint says of each chain. Taken at its word here; `verify` checks it. */
  async #covered(): Promise<ReadonlyMap<string, number>> {
    const last = await lastReadable(this);
    return new Map(last?.body.writers.map(({ id, count }) => [id, count]));
  }

  /** Another process alone knows what it has made durable since the last checkpoint. */
  async durable(): Promise<ReadonlyMap<string, number>> {
    const durable = new Map(await this.#covered());
    for (const [id, { head }] of this.#ours) durable.set(id, head.seq);
    return durable;
  }

  claimCursor(receiver: string): Promise<ReceiverCursor | undefined> {
    return claimFileCursor(this.#root, receiver);
  }

  cursorOf(receiver: string): Promise<string | undefined> {
    return readFileCursor(this.#root, receiver);
  }

  removable(writer: string, before: number, limit: number): Promise<Head | undefined> {
    return removableSegments(this.#root, writer, before, limit);
  }

  async remove(writer: string, upTo: number): Promise<void> {
    if (removeSegments(this.#root, writer, upTo)) await this.#disk.syncDirectory(paths.writer(this.#root, writer));
  }

  query(filter: AuditFilter, request: PageRequest): Promise<Page> {
    return answerPage(filter, request, (query) => {
      this.#unindexed = 0;
      return this.#index.ask({ ours: this.#ends(), query });
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ours.values()].map((writer) => writer.close()));
    this.#ours.clear();
    await this.#index.close();
  }

  #ends() {
    return [...this.#ours].map(([writer, { end }]) => ({ writer, segment: end?.segment ?? 0, bytes: end?.bytes ?? 0 }));
  }

  #appended(bytes: number): void {
    this.#unindexed += bytes;
    if (this.#unindexed < this.#indexBehind) return;
    this.#unindexed = 0;
    // Behind, and never in the way: the next question catches up and says what is wrong.
    void this.#index.ask({ ours: this.#ends() }).catch(() => undefined);
  }

  /** Segments there are, for tests and reports. */
  segments(writer: string): readonly number[] {
    return listSegments(this.#root, writer);
  }
}
