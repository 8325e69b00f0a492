import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { AuditRecord } from '#contract';
import { parseRecordLine } from '../../chain/chain.ts';
import { listSegments, listWriters, paths } from '../segments/layout.ts';
import { splitLines, type RawLine } from '../segments/read-lines.ts';
import { FILE_MODE } from '../segments/append-file.ts';
import type { IndexRequest } from './protocol.ts';
import { columnsOf, otherSubjects } from '../columns.ts';
import { INSERT, INSERT_SUBJECT, SCHEMA, SCHEMA_VERSION, selectPlaces } from './schema.ts';

const CHUNK = 4 * 1024 * 1024;

/** How far a chain is taken in, and by what to know that line again. */
interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly last_offset: number;
  readonly last_mark: string;
}

/** A line begins with its hash, a segment with text that holds its first number. */
const MARK = 64;

interface Row {
  readonly id: string;
  readonly writer: string;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * The index on disk, as its worker holds it; everything here blocks. Several processes may have it
 * open: a step forward is one transaction over the rows and the place it has come to.
 */
export class RecordIndex {
  readonly #root: string;
  #database: DatabaseSync;

  constructor(root: string) {
    this.#root = root;
    this.#database = openIndex(paths.index(root));
  }

  /**
   * Reads what the segments have got since, then answers. Where the index cannot be written (a full
   * disk, a read-only one) a copy in memory takes its place: questions are answered all the same.
   */
  answer(request: IndexRequest): readonly string[] {
    this.#catchUp(request.ours);
    if (!request.query) return [];
    const found = this.#find(request.query);
    if (found !== undefined) return found;
    // A row's line is not the row's: the files were exchanged. What the index says is worth nothing then.
    this.#database.exec('begin immediate; delete from records; delete from subjects; delete from places; commit');
    this.#catchUp(request.ours);
    return this.#find(request.query) ?? [];
  }

  close(): void {
    this.#database.close();
  }

  #catchUp(ours: IndexRequest['ours']): void {
    try {
      for (const writer of listWriters(this.#root))
        this.#follow(
          writer,
          ours.find((own) => own.writer === writer),
        );
    } catch (error) {
      if (this.#database.location() === null) throw error;
      this.#database.close();
      this.#database = openIndex(':memory:');
      this.#catchUp(ours);
    }
  }

  #follow(writer: string, own: IndexRequest['ours'][number] | undefined): void {
    this.#dropRemoved(writer, listSegments(this.#root, writer)[0] ?? 0);
    for (;;) {
      this.#database.exec('begin immediate');
      try {
        const more = this.#step(writer, own);
        this.#database.exec('commit');
        if (!more) return;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('rollback');
        throw error;
      }
    }
  }

  /** What retention has removed is not found any more. */
  #dropRemoved(writer: string, first: number): void {
    const gone = this.#database.prepare('select 1 from records where writer = ? and seq < ? limit 1');
    if (gone.get(writer, first) === undefined) return;
    this.#database.exec('begin immediate');
    try {
      for (const table of ['records', 'subjects']) {
        this.#database.prepare(`delete from ${table} where writer = ? and seq < ?`).run(writer, first);
      }
      this.#database.exec('commit');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
  }

  /** Takes in one chunk of one segment; false when the chain's end is reached. */
  #step(writer: string, own: IndexRequest['ours'][number] | undefined): boolean {
    const segments = listSegments(this.#root, writer).filter((first) => own === undefined || first <= own.segment);
    const place = this.#place(writer) ?? startOf(segments[0] ?? 0);
    const next = segments.find((first) => first > place.segment);
    const file = paths.segment(this.#root, writer, place.segment);
    if (!existsSync(file)) return next !== undefined && this.#goTo(writer, next);
    if (readPiece(file, place.last_offset, place.last_mark.length).toString('latin1') !== place.last_mark) {
      return this.#forget(writer);
    }
    const end = own?.segment === place.segment ? own.bytes : statSync(file).size;
    const bytes = readPiece(file, place.offset, Math.min(CHUNK, Math.max(0, end - place.offset)));
    const { lines, used } = splitLines(bytes, place.offset);
    // What is left without an end is being written, or is damage that `verify` names.
    if (lines.length === 0) return next !== undefined && this.#goTo(writer, next);
    const insert = this.#database.prepare(INSERT);
    const insertSubject = this.#database.prepare(INSERT_SUBJECT);
    for (const { text, offset, length } of lines) {
      const record = text === undefined ? undefined : readRecord(text);
      if (record?.writer !== writer) continue;
      insert.run({ ...columnsOf(record), segment: place.segment, offset, length });
      for (const subject of otherSubjects(record)) insertSubject.run({ subject, writer, seq: record.seq });
    }
    const last = lines.at(-1) as RawLine;
    return this.#setPlace(writer, {
      segment: place.segment,
      offset: place.offset + used,
      last_offset: last.offset,
      last_mark: last.bytes.toString('latin1', 0, MARK),
    });
  }

  #place(writer: string): Place | undefined {
    const found = this.#database
      .prepare('select segment, offset, last_offset, last_mark from places where writer = ?')
      .get(writer);
    return found as unknown as Place | undefined;
  }

  #goTo(writer: string, segment: number): true {
    return this.#setPlace(writer, startOf(segment));
  }

  /**
   * What was taken in last is not there any more: another process had written a batch that then
   * failed and was taken back. What it writes next begins elsewhere.
   */
  #forget(writer: string): true {
    this.#database.prepare('delete from records where writer = ?').run(writer);
    this.#database.prepare('delete from subjects where writer = ?').run(writer);
    this.#database.prepare('delete from places where writer = ?').run(writer);
    return true;
  }

  #setPlace(writer: string, { segment, offset, last_offset, last_mark }: Place): true {
    this.#database
      .prepare('insert or replace into places (writer, segment, offset, last_offset, last_mark) values (?, ?, ?, ?, ?)')
      .run(writer, segment, offset, last_offset, last_mark);
    return true;
  }

  /** The records' texts from their segments; undefined when a line is not the row's. */
  #find({ filter, limit, after }: NonNullable<IndexRequest['query']>): readonly string[] | undefined {
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const cursor = after && { cursorTime: after[0], cursorWriter: after[1], cursorSeq: after[2] };
    const rows = this.#database
      .prepare(selectPlaces(filter, after !== undefined))
      .all({ ...given, ...cursor, limit: limit + 1 }) as unknown as readonly Row[];
    const texts: string[] = [];
    for (const { id, writer, segment, offset, length } of rows) {
      const file = paths.segment(this.#root, writer, segment);
      if (!existsSync(file)) return undefined;
      const stored = parseRecordLine(readPiece(file, offset, length).toString('utf8'));
      if (stored === undefined || !stored.canonical.includes(`"id":"${id}"`)) return undefined;
      texts.push(stored.canonical);
    }
    return texts;
  }
}

const startOf = (segment: number): Place => ({ segment, offset: 0, last_offset: 0, last_mark: '' });

/** The database at the path; one of another version, or none at all, is made anew. */
function openIndex(file: string): DatabaseSync {
  if (file === ':memory:') return create(new DatabaseSync(file));
  let database: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', FILE_MODE));
    database = new DatabaseSync(file, { timeout: 5000, defensive: true });
    database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma trusted_schema = off');
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
  database.exec('pragma journal_mode = wal; pragma synchronous = normal; begin immediate');
  const version = database.prepare('pragma user_version').get()?.['user_version'];
  if (version === 0) database.exec(SCHEMA);
  database.exec('commit');
  return database;
}

function readPiece(file: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
  } finally {
    closeSync(fd);
  }
}

/** Undefined for a segment's first line, and for what is no record. */
function readRecord(line: string): AuditRecord | undefined {
  const stored = parseRecordLine(line);
  if (!stored) return undefined;
  try {
    return JSON.parse(stored.canonical) as AuditRecord;
  } catch {
    return undefined;
  }
}
