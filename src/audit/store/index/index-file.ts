import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FILE_MODE } from '../segments/append-file.ts';
import { holds } from './terms.ts';
import type { Block, FinishedBlock, Place } from './chain-end.ts';

/** An index of another version is thrown away. */
const SCHEMA_VERSION = 3;

const SCHEMA = `
  create table blocks (
    writer text not null,
    segment integer not null,
    offset integer not null,
    end integer not null,
    last_offset integer not null,
    last_mark text not null,
    least text not null,
    greatest text not null,
    terms blob not null
  );
  create unique index blocks_place on blocks (writer, segment, offset);
  create index blocks_time on blocks (greatest, least);
  pragma user_version = ${SCHEMA_VERSION};
`;

/** What is needed of a stored block to see whether it must be read. */
export class StoredBlock {
  readonly id: number;
  readonly greatest: string;
  readonly #terms: Uint8Array;

  constructor(id: number, greatest: string, terms: Uint8Array) {
    this.id = id;
    this.greatest = greatest;
    this.#terms = terms;
  }

  has(term: number): boolean {
    return holds(new Uint32Array(this.#terms.buffer, this.#terms.byteOffset, this.#terms.length / 4), term);
  }
}

/** A stretch of time: blocks that may hold records of it. */
export interface Stretch {
  readonly from: string;
  readonly before: string;
  readonly upTo: string;
}

/**
 * The blocks on disk. Several processes may have the file open; a process reads on where what is
 * stored ends, and stores only if that is still so.
 */
export class IndexFile {
  readonly #database: DatabaseSync;

  /** Opens the file, or makes it anew; in memory where it cannot be written, or when none is given. */
  constructor(file?: string) {
    this.#database = file === undefined ? create(new DatabaseSync(':memory:')) : openIndex(file);
  }

  get isInMemory(): boolean {
    return this.#database.location() === null;
  }

  close(): void {
    this.#database.close();
  }

  /** Another one after another process has changed something. */
  version(): unknown {
    return this.#database.prepare('pragma data_version').get()?.['data_version'];
  }

  /** Where what is stored of a chain ends. */
  placeOf(writer: string): Place | undefined {
    const found = this.#database
      .prepare(
        `select segment, end, last_offset as lastOffset, last_mark as lastMark from blocks
         where writer = ? order by segment desc, offset desc limit 1`,
      )
      .get(writer);
    return found as unknown as Place | undefined;
  }

  /** Stores blocks that follow `after`; false, and nothing is stored, when the chain is stored up to elsewhere. */
  store(writer: string, after: Place | undefined, blocks: readonly FinishedBlock[]): boolean {
    return this.#transaction(() => {
      if (!isSame(this.placeOf(writer), after)) return false;
      const insert = this.#database.prepare('insert into blocks values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
      for (const { segment, offset, end, lastOffset, lastMark, least, greatest, terms } of blocks) {
        const bytes = new Uint8Array(terms.buffer, terms.byteOffset, terms.byteLength);
        insert.run(writer, segment, offset, end, lastOffset, lastMark, least, greatest, bytes);
      }
      return true;
    });
  }

  /** Forgets what is stored of other chains than these. */
  keepWriters(writers: readonly string[]): void {
    for (const { writer } of this.#database.prepare('select distinct writer from blocks').all()) {
      if (!writers.includes(writer as string)) this.forget(writer as string);
    }
  }

  /** Forgets what is stored of other segments of the chain than these. */
  keepSegments(writer: string, segments: readonly number[]): void {
    const stored = this.#database.prepare('select distinct segment from blocks where writer = ?').all(writer);
    for (const { segment } of stored) {
      if (segments.includes(segment as number)) continue;
      this.#database.prepare('delete from blocks where writer = ? and segment = ?').run(writer, segment as number);
    }
  }

  forget(writer: string): void {
    this.#database.prepare('delete from blocks where writer = ?').run(writer);
  }

  /** Runs `action` while nothing that others change is seen. */
  reading<Value>(action: () => Value): Value {
    this.#database.exec('begin; select 1 from blocks limit 1');
    try {
      return action();
    } finally {
      this.#database.exec('commit');
    }
  }

  /** What may hold records of the stretch; the latest first. */
  *candidates({ from, before, upTo }: Stretch): Generator<StoredBlock> {
    const select = this.#database.prepare(
      'select rowid, greatest, terms from blocks where greatest >= ? and least < ? and least <= ? order by greatest desc',
    );
    select.setReturnArrays(true);
    for (const row of select.iterate(from, before, upTo)) {
      const [id, greatest, terms] = row as unknown as [number, string, Uint8Array];
      yield new StoredBlock(id, greatest, terms);
    }
  }

  block({ id }: StoredBlock): Block {
    const found = this.#database
      .prepare(
        `select writer, segment, offset, end, last_offset as lastOffset, last_mark as lastMark, least, greatest
         from blocks where rowid = ?`,
      )
      .get(id);
    return found as unknown as Block;
  }

  #transaction<Value>(action: () => Value): Value {
    this.#database.exec('begin immediate');
    try {
      const value = action();
      this.#database.exec('commit');
      return value;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
  }
}

/** Whether two places of a chain are one. */
export const isSame = (left: Place | undefined, right: Place | undefined): boolean =>
  left?.segment === right?.segment && left?.end === right?.end && left?.lastMark === right?.lastMark;

/** The database at the path; one of another version, or none at all, is made anew. */
function openIndex(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', FILE_MODE));
    database = new DatabaseSync(file, { timeout: 5000, defensive: true });
    database.exec('pragma page_size = 32768; pragma journal_mode = wal; pragma synchronous = normal');
    database.exec('pragma trusted_schema = off');
    const version = database.prepare('pragma user_version').get()?.['user_version'];
    if (version === SCHEMA_VERSION) return database;
    if (version === 0) return create(database);
  } catch {
    // Unreadable or unwritable: said below by what can be done about it.
  }
  database?.close();
  try {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    closeSync(openSync(file, 'a', FILE_MODE));
    return create(new DatabaseSync(file, { timeout: 5000, defensive: true }));
  } catch {
    return create(new DatabaseSync(':memory:'));
  }
}

function create(database: DatabaseSync): DatabaseSync {
  // Two processes may come here at once; the second finds it done.
  database.exec('pragma page_size = 32768; pragma journal_mode = wal; pragma synchronous = normal; begin immediate');
  const version = database.prepare('pragma user_version').get()?.['user_version'];
  if (version === 0) database.exec(SCHEMA);
  database.exec('commit');
  return database;
}
