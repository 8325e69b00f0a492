import type { AuditPosition } from '#contract';
import { Sealer } from '../chain/seal.ts';
import { auditError } from '../errors.ts';
import type { EncodedRecord } from '../record/encode-record.ts';
import type { WriterLog } from '../store/store.ts';

export interface CommitLimits {
  /** Records of one batch: what is sealed in one piece, hence how long the event loop is busy with it. */
  readonly batchRecords: number;
  /** Turns of the event loop that a batch may gather in, as long as each brings more. */
  readonly gatherTurns: number;
  /** Records, and characters of them, that may wait. What comes on top is refused. */
  readonly waitingRecords: number;
  readonly waitingCharacters: number;
}

export const COMMIT_LIMITS: CommitLimits = {
  batchRecords: 512,
  gatherTurns: 8,
  waitingRecords: 32_768,
  waitingCharacters: 64 * 1024 * 1024,
};

interface Waiting {
  readonly record: EncodedRecord;
  readonly resolve: (position: AuditPosition) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitCounts {
  readonly records: number;
  /** Batches written, each with one flush. */
  readonly batches: number;
}

/**
 * One flush for many records: those of turns of the event loop that follow each other, and those that come
 * while a flush runs, which share the next. Nobody ever waits for a timer, and who comes alone for one turn.
 * A batch is durable or refused as a whole.
 */
export class GroupCommit {
  readonly #log: WriterLog;
  readonly #limits: CommitLimits;
  readonly #onFailure: (cause: unknown, refused: number) => void;
  readonly #sealer = new Sealer();
  #waiting: Waiting[] = [];
  #waitingCharacters = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #records = 0;
  #batches = 0;

  /** `onFailure` hears of a batch that failed and how many records were refused with it. */
  constructor(
    log: WriterLog,
    onFailure: (cause: unknown, refused: number) => void,
    limits: CommitLimits = COMMIT_LIMITS,
  ) {
    this.#log = log;
    this.#onFailure = onFailure;
    this.#limits = limits;
  }

  get counts(): CommitCounts {
    return { records: this.#records, batches: this.#batches };
  }

  /** True while records wait or are being written. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Resolves when the record is durable. Rejects with `AUDIT_OVERLOADED` at once when too much waits,
   * with `AUDIT_UNAVAILABLE` (the system's error is its cause) when its batch could not be written.
   * The order of calls is the order in the chain.
   */
  append(record: EncodedRecord): Promise<AuditPosition> {
    const { waitingRecords, waitingCharacters } = this.#limits;
    if (this.#closed) return Promise.reject(auditError('AUDIT_UNAVAILABLE', 'the audit log was closed'));
    if (this.#waiting.length >= waitingRecords || this.#waitingCharacters >= waitingCharacters) {
      const what = `${this.#waiting.length} records wait to be written`;
      return Promise.reject(auditError('AUDIT_OVERLOADED', what));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#waitingCharacters += charactersOf(record);
      this.#running ??= this.#run();
    });
  }

  /** Resolves when what waits now is written or refused. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Refuses what comes, and resolves when what waits is written or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      await this.#commit(this.#take());
    }
    this.#running = undefined;
  }

  /**
   * Lets turns of the event loop pass as long as each brings more: sockets are read before immediates
   * run, so what arrived together shares a flush, and a turn without a record ends the waiting.
   */
  async #gather(): Promise<void> {
    const { gatherTurns, batchRecords } = this.#limits;
    for (let turn = 0, before = 0; turn < gatherTurns && this.#waiting.length < batchRecords; turn++) {
      if (this.#waiting.length === before) return;
      before = this.#waiting.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #take(): Waiting[] {
    const batch = this.#waiting.splice(0, this.#limits.batchRecords);
    for (const { record } of batch) this.#waitingCharacters -= charactersOf(record);
    return batch;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const after = this.#log.head;
    try {
      await this.#log.append(
        this.#sealer.seal(
          batch.map(({ record }) => record),
          after,
        ),
      );
    } catch (cause) {
      this.#refuse([...batch, ...this.#waiting.splice(0)], cause);
      return;
    }
    this.#records += batch.length;
    this.#batches++;
    for (const [at, { record, resolve }] of batch.entries()) {
      resolve({ id: record.id, writer: this.#log.id, seq: after.seq + at + 1 });
    }
  }

  /** What waited behind the failed batch is refused with it: nobody waits for a disk to come back. */
  #refuse(refused: readonly Waiting[], cause: unknown): void {
    this.#waitingCharacters = 0;
    this.#onFailure(cause, refused.length);
    for (const { reject } of refused) reject(unavailable(cause));
  }
}

/** The error of everything that could not be recorded. The system's own words stay behind it, as the cause. */
export function unavailable(cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'the system refused';
  return auditError('AUDIT_UNAVAILABLE', `the audit log cannot be written (${code})`, { cause });
}

const charactersOf = ({ beforeSeq, afterSeq }: EncodedRecord): number => beforeSeq.length + afterSeq.length;
