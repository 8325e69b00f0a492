import { newId, type Clock } from '#kernel';
import type { PostgresSettings } from '#contract';
import { openDatabaseSession, type Database, type DatabaseSession } from '#db';
import { genesis, nextHash, type Head } from '../../chain/chain.ts';
import { checkpointLine, lastReadable, type SignedCheckpoint } from '../../checkpoint/checkpoint.ts';
import type { TrustedKeys } from '../../checkpoint/signing-key.ts';
import { auditError } from '../../errors.ts';
import { answerPage, type AuditFilter } from '../query.ts';
import type {
  AuditStore,
  LogEntry,
  OpenedWriter,
  Page,
  PageRequest,
  ReceiverCursor,
  StoreNotice,
  WriterState,
} from '../store.ts';
import { checkpointLock, chainLock, lockedOf, tryLock } from './locks.ts';
import { PostgresWriter } from './postgres-writer.ts';
import { claimTableCursor, cursorState } from './table-cursor.ts';
import { ownCheckpoint } from './own-checkpoint.ts';
import { selectRecords } from './select-records.ts';
import {
  addCheckpoint,
  addWriter,
  checkpointsFromEnd,
  closedChains,
  existingInstallation,
  installationId,
  lastEntries,
  listCheckpointLines,
  lastBefore,
  lastSeqs,
  listWriterIds,
  readEntries,
  removeEntries,
} from './records-store.ts';

export interface PostgresStoreOptions {
  readonly database: Pick<Database, 'db'>;
  readonly settings: PostgresSettings;
  readonly clock: Clock;
  /** By which a checkpoint is known as ours: whoever takes over a server may add rows. */
  readonly keys: TrustedKeys;
}

const PAGE = 1000;
const HASH_PAGE = 10_000;

/**
 * The log of several hosts, in PostgreSQL. A chain belongs to the process whose session holds its
 * lock, and goes in over that session alone: a process that has lost the chain without knowing it has
 * lost the connection as well, so two can never write one chain. What is visible here is durable, so
 * a checkpoint covers the chains of the others too.
 *
 * The session must reach the server itself or through a pooler that keeps sessions whole.
 */
export class PostgresStore implements AuditStore {
  readonly installation: string;
  readonly #options: PostgresStoreOptions;
  readonly #ours = new Map<string, PostgresWriter>();

  private constructor(installation: string, options: PostgresStoreOptions) {
    this.installation = installation;
    this.#options = options;
  }

  /** Throws as the database does. */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const installation = await installationId(options.database.db, newId(options.clock.now()));
    return new PostgresStore(installation, options);
  }

  /** Undefined where there is no log yet; makes none. */
  static async existing(options: PostgresStoreOptions): Promise<PostgresStore | undefined> {
    const installation = await existingInstallation(options.database.db);
    return installation === undefined ? undefined : new PostgresStore(installation, options);
  }

  async openWriter(left: ReadonlySet<string> = new Set()): Promise<OpenedWriter> {
    const { database, clock } = this.#options;
    const session = await this.#session();
    const notices: StoreNotice[] = [];
    try {
      const covered = await this.#covered();
      const closed = await closedChains(database.db);
      for (const id of await listWriterIds(database.db)) {
        // It may go on where it was copied from: two records of one number would be two truths.
        if (closed.has(id)) continue;
        if (left.has(id) || this.#ours.has(id) || !(await tryLock(session, chainLock(this.installation, id)))) continue;
        const head = await this.#headOf(id);
        if (typeof head !== 'string' && head.seq >= (covered.get(id) ?? 0))
          return await this.#opened(id, session, head, notices);
        // Kept locked, so that others do not stumble over it too; left as it is, for `verify`.
        const message =
          typeof head === 'string' ? head : `in the chain \`${id}\`, the record ${head.seq + 1} is missing`;
        notices.push({ kind: 'damaged', writer: id, message });
      }
      const id = newId(clock.now());
      await addWriter(database.db, { id, created_at: clock.now() });
      if (!(await tryLock(session, chainLock(this.installation, id)))) {
        throw new Error('another process took a writer that was made for this one');
      }
      return await this.#opened(id, session, genesis(this.installation, id), notices);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #opened(
    id: string,
    session: DatabaseSession,
    head: Head,
    notices: readonly StoreNotice[],
  ): Promise<OpenedWriter> {
    const lock = chainLock(this.installation, id);
    const log = await PostgresWriter.over(session, { id, lock, head, connect: () => this.#session() });
    this.#ours.set(id, log);
    log.onClose = () => this.#ours.delete(id);
    return { log, notices };
  }

  async writers(): Promise<readonly WriterState[]> {
    const { db } = this.#options.database;
    const locked = await lockedOf(db);
    const ids = await listWriterIds(db);
    return await Promise.all(
      ids.map(async (id): Promise<WriterState> => {
        const own = this.#ours.get(id);
        if (own) return { id, head: own.head, held: 'ours' };
        const head = await this.#headOf(id);
        const held = locked.has(chainLock(this.installation, id)) ? 'busy' : 'idle';
        return typeof head === 'string' ? { id, head: undefined, held, damage: head } : { id, head, held };
      }),
    );
  }

  /** The end of a chain, or in what way it is none. Looks at the end alone; the whole is for `verify`. */
  async #headOf(id: string): Promise<Head | string> {
    const [last, before] = await lastEntries(this.#options.database.db, id, 2);
    if (last === undefined) return genesis(this.installation, id);
    const previous = last.seq === 1 ? genesis(this.installation, id) : before;
    const follows = previous?.seq === last.seq - 1 && nextHash(previous.hash, last.canonical) === last.hash;
    return follows
      ? { seq: last.seq, hash: last.hash }
      : `in the chain \`${id}\`, the record ${last.seq} is not what was written`;
  }

  async *read(writer: string, after: number): AsyncGenerator<readonly LogEntry[]> {
    const { db } = this.#options.database;
    const end = this.#ours.get(writer)?.head.seq ?? (await lastEntries(db, writer, 1))[0]?.seq ?? 0;
    for (let place = after; place < end;) {
      const rows = await readEntries(db, writer, { after: place, upTo: end, limit: PAGE });
      if (rows.length === 0) return;
      yield rows.map(({ hash, canonical }) => ({ kind: 'record', hash, canonical }));
      place = rows.at(-1)?.seq ?? end;
    }
  }

  async *hashes(writer: string, after: number, upTo: number): AsyncGenerator<readonly Buffer[]> {
    for (let place = after; place < upTo;) {
      const rows = await readEntries(this.#options.database.db, writer, { after: place, upTo, limit: HASH_PAGE });
      for (const [at, { seq, hash }] of rows.entries()) {
        if (seq === place + at + 1 && /^[0-9a-f]{64}$/.test(hash)) continue;
        throw auditError(
          'AUDIT_DAMAGED',
          `record ${place + at + 1} of the chain \`${writer}\` is not what was written`,
        );
      }
      if (rows.length === 0)
        throw auditError('AUDIT_DAMAGED', `the chain \`${writer}\` has no record ${upTo} any more`);
      yield rows.map(({ hash }) => Buffer.from(hash, 'hex'));
      place += rows.length;
    }
  }

  async *checkpoints(after = 0): AsyncGenerator<string> {
    yield* listCheckpointLines(this.#options.database.db, after);
  }

  async lastCheckpoint(): Promise<string | undefined> {
    const { database, keys } = this.#options;
    const { line, strange } = await ownCheckpoint(checkpointsFromEnd(database.db), {
      installation: this.installation,
      keys,
    });
    // Another host may have signed them with a key of its own: then it is not for us to begin anew.
    return line ?? (strange ? '' : undefined);
  }

  /** On a session of its own: the turn ends with it, whatever ends that. */
  async checkpointTurn<Value>(
    action: (append: (checkpoint: SignedCheckpoint) => Promise<void>) => Promise<Value>,
  ): Promise<Value | undefined> {
    const session = await this.#session();
    try {
      if (!(await tryLock(session, checkpointLock(this.installation)))) return undefined;
      return await action((checkpoint) =>
        addCheckpoint(session, { place: checkpoint.body.number, line: checkpointLine(checkpoint) }),
      );
    } finally {
      await session.close();
    }
  }

  async #covered(): Promise<ReadonlyMap<string, number>> {
    const last = await lastReadable(this);
    return new Map(last?.body.writers.map(({ id, count }) => [id, count]));
  }

  /** What is visible is durable, whoever wrote it. */
  async durable(): Promise<ReadonlyMap<string, number>> {
    const durable = new Map(await lastSeqs(this.#options.database.db));
    for (const [id, { head }] of this.#ours) durable.set(id, head.seq);
    return durable;
  }

  async claimCursor(receiver: string): Promise<ReceiverCursor | undefined> {
    const session = await this.#session();
    try {
      const cursor = await claimTableCursor(session, this.installation, receiver);
      if (cursor === undefined) await session.close();
      return cursor;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async removable(writer: string, before: number, limit: number): Promise<Head | undefined> {
    const { db } = this.#options.database;
    // So that the head can be checked against the one before it, two always stay.
    const [last] = await lastEntries(db, writer, 1);
    return await lastBefore(db, writer, new Date(before).toISOString(), Math.min(limit, (last?.seq ?? 0) - 2));
  }

  /** By the role that owns the tables; the one that serves cannot. */
  async remove(writer: string, upTo: number): Promise<void> {
    const owner = await openDatabaseSession(this.#options.settings, 'chatelaine audit retention', 'owner');
    try {
      await removeEntries(owner, writer, upTo);
    } finally {
      await owner.close();
    }
  }

  cursorOf(receiver: string): Promise<string | undefined> {
    return cursorState(this.#options.database.db, receiver);
  }

  query(filter: AuditFilter, request: PageRequest): Promise<Page> {
    return answerPage(filter, request, (query) => selectRecords(this.#options.database.db, query));
  }

  /** Leaves the database open; it is not the log's. */
  async close(): Promise<void> {
    await Promise.all([...this.#ours.values()].map((writer) => writer.close()));
  }

  #session(): Promise<DatabaseSession> {
    return openDatabaseSession(this.#options.settings, 'chatelaine audit');
  }
}
