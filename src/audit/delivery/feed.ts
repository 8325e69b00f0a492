import { auditRecord, type AuditRecord } from '#contract';
import type { AuditStore, LogEntry } from '../store/store.ts';
import { readPlaces } from './places.ts';
import { signedRemovals } from '../retention/removals.ts';
import { readCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';

/** What is carried to a receiver, in pieces, with the place to go on from when a piece has arrived. */
export interface Feed<Item> {
  /** The next piece after a place (`undefined` at the beginning); undefined when there is nothing new. */
  next(place: string | undefined): Promise<Piece<Item> | undefined>;
  /** How many items there are after a place. */
  behind(place: string | undefined): Promise<number>;
  close(): Promise<void>;
}

export interface Piece<Item> {
  readonly items: readonly Item[];
  readonly place: string;
}

/** A record on its way: as it is stored, and read. */
export interface RecordItem {
  readonly hash: string;
  readonly canonical: string;
  readonly record: AuditRecord;
}

/** So much of the log is in memory for one receiver, at most. */
export interface PieceLimits {
  readonly records: number;
  readonly characters: number;
}

const LIMITS: PieceLimits = { records: 500, characters: 1024 * 1024 };

/**
 * All records of all chains, each chain in its order. A place is the number reached in each. A chain
 * with a line that is no record stops there, since nobody can say what follows; the others go on.
 */
export class RecordFeed implements Feed<RecordItem> {
  readonly #store: AuditStore;
  readonly #limits: PieceLimits;
  readonly #onFault: (writer: string, message: string) => void;
  readonly #readers = new Map<string, ChainReader>();
  readonly #stopped = new Set<string>();
  /** Where the next piece begins, so that a busy chain does not keep the others waiting. */
  #turn = 0;

  constructor(store: AuditStore, onFault: (writer: string, message: string) => void, limits: PieceLimits = LIMITS) {
    this.#store = store;
    this.#onFault = onFault;
    this.#limits = limits;
  }

  async next(place: string | undefined): Promise<Piece<RecordItem> | undefined> {
    const places: Record<string, number> = { ...readPlaces(place) };
    const chains = [...(await this.#store.durable())];
    const items: RecordItem[] = [];
    let characters = 0;
    const first = this.#turn++ % Math.max(1, chains.length);
    for (const [writer, end] of [...chains.slice(first), ...chains.slice(0, first)]) {
      const reader = await this.#readerAt(writer, places[writer] ?? (await this.#beginOf(writer)));
      while (reader.at < end && !this.#stopped.has(writer)) {
        if (items.length >= this.#limits.records || characters >= this.#limits.characters) break;
        const item = this.#itemOf(writer, await reader.next());
        if (!item) break;
        items.push(item);
        characters += item.canonical.length;
        places[writer] = reader.at;
      }
    }
    return items.length === 0 ? undefined : { items, place: JSON.stringify(places) };
  }

  async behind(place: string | undefined): Promise<number> {
    const places = readPlaces(place);
    let behind = 0;
    const removals = await signedRemovals(this.#store);
    for (const [writer, end] of await this.#store.durable()) {
      behind += Math.max(0, end - (places[writer] ?? removals.get(writer)?.seq ?? 0));
    }
    return behind;
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
    this.#readers.clear();
  }

  /** A new receiver gets what is still there. */
  async #beginOf(writer: string): Promise<number> {
    return (await signedRemovals(this.#store)).get(writer)?.seq ?? 0;
  }

  async #readerAt(writer: string, at: number): Promise<ChainReader> {
    const reader = this.#readers.get(writer);
    if (reader?.at === at) return reader;
    await reader?.close();
    const fresh = new ChainReader(this.#store, writer, at);
    this.#readers.set(writer, fresh);
    return fresh;
  }

  #itemOf(writer: string, entry: LogEntry | undefined): RecordItem | undefined {
    if (entry === undefined) return undefined;
    const { record, message } = readEntry(entry);
    if (record && entry.kind === 'record') return { hash: entry.hash, canonical: entry.canonical, record };
    this.#stopped.add(writer);
    this.#onFault(writer, message ?? 'a line is no record');
    return undefined;
  }
}

function readEntry(entry: LogEntry): { readonly record?: AuditRecord; readonly message?: string } {
  if (entry.kind === 'fault') return { message: entry.message };
  try {
    const record = auditRecord.safeParse(JSON.parse(entry.canonical));
    return record.success ? { record: record.data } : {};
  } catch {
    return {};
  }
}

/** One chain, read on and on: what was appended meanwhile comes with a new reading. */
class ChainReader {
  readonly #store: AuditStore;
  readonly #writer: string;
  #groups: AsyncIterator<readonly LogEntry[]> | undefined;
  #group: readonly LogEntry[] = [];
  #next = 0;
  at: number;

  constructor(store: AuditStore, writer: string, at: number) {
    this.#store = store;
    this.#writer = writer;
    this.at = at;
  }

  async next(): Promise<LogEntry | undefined> {
    for (let readings = 0; this.#next === this.#group.length;) {
      if (this.#groups === undefined) {
        if (++readings > 1) return undefined;
        this.#groups = this.#store.read(this.#writer, this.at)[Symbol.asyncIterator]();
      }
      const group = await this.#groups.next();
      this.#group = group.done === true ? [] : group.value;
      this.#next = 0;
      if (group.done === true) this.#groups = undefined;
    }
    this.at++;
    return this.#group[this.#next++];
  }

  /** Closes the file that a reading has open. */
  async close(): Promise<void> {
    await this.#groups?.return?.();
    this.#groups = undefined;
  }
}

/** All checkpoints, one by one. A place is the number of the last. */
export class CheckpointFeed implements Feed<SignedCheckpoint> {
  readonly #store: AuditStore;
  readonly #most: number;

  constructor(store: AuditStore, most = 100) {
    this.#store = store;
    this.#most = most;
  }

  async next(place: string | undefined): Promise<Piece<SignedCheckpoint> | undefined> {
    const reached = Number(place ?? 0);
    const last = await this.#last();
    if (last === undefined || last.body.number <= reached) return undefined;
    if (last.body.number === reached + 1) return { items: [last], place: String(last.body.number) };
    const items: SignedCheckpoint[] = [];
    for await (const line of this.#store.checkpoints(reached)) {
      const checkpoint = readCheckpoint(line);
      if (checkpoint && checkpoint.body.number > reached) items.push(checkpoint);
      if (items.length === this.#most) break;
    }
    const end = items.at(-1);
    return end && { items, place: String(end.body.number) };
  }

  async behind(place: string | undefined): Promise<number> {
    return Math.max(0, ((await this.#last())?.body.number ?? 0) - Number(place ?? 0));
  }

  async close(): Promise<void> {}

  async #last(): Promise<SignedCheckpoint | undefined> {
    const line = await this.#store.lastCheckpoint();
    return line === undefined ? undefined : readCheckpoint(line);
  }
}
