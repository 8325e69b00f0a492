import type { AuditRecord } from '#contract';
import type { Head } from '../chain/chain.ts';
import type { SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import type { SealedBatch } from '../chain/seal.ts';
import type { AuditFilter } from './query.ts';

/**
 * The port to where the record lies. One installation's log: a chain for each writer, and the
 * checkpoints over all of them. An adapter stores and gives back; it never judges what it holds,
 * since it is what the judging is about.
 *
 * Adapters: segment files of one host (`segments/`), PostgreSQL for several (`postgres/`). Every one
 * passes `test/audit-store.contract.ts`.
 */
export interface AuditStore {
  /** The id of the installation, in every genesis: logs of two installations share nothing. */
  readonly installation: string;

  /**
   * A chain for this process alone: one that no living process holds and that is not among `left`, or a
   * new one. Rejects when the storage cannot be written.
   */
  openWriter(left?: ReadonlySet<string>): Promise<OpenedWriter>;

  /** Every chain there is, by id. */
  writers(): Promise<readonly WriterState[]>;

  /**
   * What is stored of a chain after record `after`, in the order in which it lies, damage included.
   * Ends at what was durable when the reading began.
   */
  read(writer: string, after: number): AsyncIterable<readonly LogEntry[]>;

  /**
   * The stored chain hashes, 32 bytes each, of the records after `after`, up to and with `upTo`.
   * Takes time by their number alone. Throws `AUDIT_DAMAGED` when they are not all there.
   */
  hashes(writer: string, after: number, upTo: number): AsyncIterable<readonly Buffer[]>;

  /**
   * The lines of all checkpoints, oldest first; an empty one where there is no whole line. With `after`
   * it begins at one with a higher number, or before it, without reading all that lies in front.
   */
  checkpoints(after?: number): AsyncIterable<string>;

  /**
   * The last of them, without reading the others: undefined where there is none yet, empty where there
   * are some and none can be the last. Where others may add lines, only one that we signed is.
   */
  lastCheckpoint(): Promise<string | undefined>;

  /**
   * Runs `action` while nobody else makes a checkpoint; undefined when somebody does. `append` makes
   * one durable, or rejects.
   */
  checkpointTurn<Value>(
    action: (append: (checkpoint: SignedCheckpoint) => Promise<void>) => Promise<Value>,
  ): Promise<Value | undefined>;

  /**
   * How far each chain is known to be durable, for those who carry it on to others: cheap, asked for
   * often. In files a chain of another process is known up to the last checkpoint.
   */
  durable(): Promise<ReadonlyMap<string, number>>;

  /** The place of a receiver of the log, for this process alone; undefined while another has it. */
  claimCursor(receiver: string): Promise<ReceiverCursor | undefined>;

  /** How far a receiver has got, whoever sends to it; undefined before anything has arrived. */
  cursorOf(receiver: string): Promise<string | undefined>;

  /**
   * The last record of the chain that can go: in a piece that is finished, it and all before it older than
   * `before` (milliseconds), at `limit` or before it. The end of a chain never goes.
   */
  removable(writer: string, before: number, limit: number): Promise<Head | undefined>;

  /** Removes the chain's records up to this one, which `removable` has given and a checkpoint has signed for; 0 only asks whether it may. */
  remove(writer: string, upTo: number): Promise<void>;

  /** Newest first. Reads go on while the storage cannot be written. */
  query(filter: AuditFilter, page: PageRequest): Promise<Page>;

  close(): Promise<void>;
}

/** How far a receiver has got; survives whatever happens to the process. */
export interface ReceiverCursor {
  /** What was written last; undefined at first. */
  read(): Promise<string | undefined>;
  /** Resolves when it is on stable storage. */
  write(state: string): Promise<void>;
  release(): Promise<void>;
}

export interface WriterState {
  readonly id: string;
  /** The last record that a checkpoint may cover; undefined when the chain has none that can be told. */
  readonly head: Head | undefined;
  /**
   * `ours`: opened here, the head is durable. `idle`: no process holds it. `busy`: another process
   * writes it; in files only that one knows what of it is durable, and there is no head.
   */
  readonly held: 'ours' | 'idle' | 'busy';
  /** In what way its end is none, where it is not. */
  readonly damage?: string;
}

/** A chain, open for appending. */
export interface WriterLog {
  readonly id: string;
  /** The last durable record. */
  readonly head: Head;
  /**
   * Resolves when the batch, which continues `head`, is durable. Rejects with the system's error;
   * then nothing of the batch is there, or `settle` will say what became of it. One at a time.
   */
  append(batch: SealedBatch): Promise<void>;
  /**
   * Called between an append that failed and the next. Where the answer to a commit was lost, finds
   * out what became of it; `head` is the truth afterwards. Rejects while that cannot be told.
   */
  settle(): Promise<Settled>;
  close(): Promise<void>;
}

export interface Settled {
  /** Records that were refused because nobody could tell, and are on record all the same. */
  readonly kept: number;
  /** False when the chain is this process's no more: close it and open another. */
  readonly goOn: boolean;
  /** In what way the chain is damaged; belongs into the log and on record. */
  readonly notice?: Extract<StoreNotice, { readonly kind: 'damaged' }>;
}

export interface OpenedWriter {
  readonly log: WriterLog;
  /** What was found while opening; belongs into the log and on record. */
  readonly notices: readonly StoreNotice[];
}

export type StoreNotice =
  /** The end of a chain was torn by a crash: an unacknowledged piece was cut off and kept aside. */
  | {
      readonly kind: 'tail-cut';
      readonly writer: string;
      readonly seq: number;
      readonly bytes: number;
      readonly sha256: string;
    }
  /** A chain is not as it was written. Nobody appends to it any more. */
  | { readonly kind: 'damaged'; readonly writer: string; readonly message: string };

/** What lies at one place of a chain. */
export type LogEntry =
  | { readonly kind: 'record'; readonly hash: string; readonly canonical: string }
  | { readonly kind: 'fault'; readonly message: string };

export interface PageRequest {
  /** At most so many records, 1 to 1000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface Page {
  readonly records: readonly AuditRecord[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}
