import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseSession } from '#db';
import type { Head } from '../../chain/chain.ts';
import type { SealedBatch } from '../../chain/seal.ts';
import type { Settled, WriterLog } from '../store.ts';
import { endHolder, tryLock } from './locks.ts';
import { hashAt, insertBatch, lastHead } from './records-store.ts';

export interface PostgresWriterOptions {
  readonly id: string;
  readonly lock: bigint;
  readonly head: Head;
  readonly connect: () => Promise<DatabaseSession>;
}

/** Who has waited for so long is told that nobody knows. */
const SILENT_MS = 750;
/** How often, and how many milliseconds apart, the lock of a dead session is tried. */
const TRIES = 40;
const PAUSE_MS = 50;

/**
 * A chain in PostgreSQL, open for appending by this process: one statement and one commit a batch, over
 * the session that holds the chain's lock.
 *
 * When the answer to a commit is lost, nobody here knows whether the batch is there, and it may even
 * still be on its way. So nothing else is written before the lock was had anew: the server gives it
 * only when the old session has ended, with its last statement. What lies there then is the truth.
 */
export class PostgresWriter implements WriterLog {
  readonly id: string;
  readonly #lock: bigint;
  readonly #connect: () => Promise<DatabaseSession>;
  #head: Head;
  #session: DatabaseSession | undefined;
  #pid: number;
  /** The batch of which nobody knows. */
  #doubt: Pick<SealedBatch, 'after' | 'head'> | undefined;
  #lost = false;
  #notice: Settled['notice'];
  onClose: () => void = () => {};

  private constructor(session: DatabaseSession, pid: number, { id, lock, head, connect }: PostgresWriterOptions) {
    this.id = id;
    this.#session = session;
    this.#pid = pid;
    this.#lock = lock;
    this.#head = head;
    this.#connect = connect;
  }

  /** Over a session that has taken the lock. */
  static async over(session: DatabaseSession, options: PostgresWriterOptions): Promise<PostgresWriter> {
    return new PostgresWriter(session, await pidOf(session), options);
  }

  get head(): Head {
    return this.#head;
  }

  async append(batch: SealedBatch): Promise<void> {
    if (this.#session === undefined || this.#doubt || this.#lost) throw new Error('the chain has yet to be settled');
    const began = performance.now();
    try {
      await insertBatch(this.#session, this.id, batch);
      this.#head = batch.head;
    } catch (cause) {
      this.#doubt = { after: batch.after, head: batch.head };
      // Callers wait for this, and a server that was silent for so long will not say more now. What became of the
      // batch is found out before anything else is written.
      if (performance.now() - began >= SILENT_MS) throw cause;
      const settled = await this.settle().catch(() => undefined);
      if (settled === undefined || settled.kept === 0) throw cause;
    }
  }

  async settle(): Promise<Settled> {
    if (this.#lost) return { kept: 0, goOn: false, ...(this.#notice && { notice: this.#notice }) };
    const session = await this.#lockedSession();
    if (session === undefined) {
      // Another process found the chain free and goes on with it, from what was there then.
      this.#lost = true;
      return { kept: await this.#keptOf(await this.#asked()), goOn: false };
    }
    const head = (await lastHead(session, this.id)) ?? { ...this.#head, seq: 0 };
    const kept = await this.#keptOf(session);
    if (kept > 0) {
      this.#head = head;
      return { kept, goOn: true };
    }
    const message = await this.#lostOf(session, head);
    if (message === undefined && head.seq === this.#head.seq) return { kept, goOn: true };
    this.#lost = true;
    if (message === undefined) return { kept, goOn: false };
    this.#notice = { kind: 'damaged', writer: this.id, message };
    return { kept, goOn: false, notice: this.#notice };
  }

  /** What the server had acknowledged and has no more: a standby that was behind took over. */
  async #lostOf(session: DatabaseSession, { seq }: Head): Promise<string | undefined> {
    const { seq: acknowledged, hash } = this.#head;
    if (seq < acknowledged) {
      return `the server no longer has record ${seq + 1} to record ${acknowledged} of the chain \`${this.id}\``;
    }
    // The number alone says nothing: another process may have gone on from what was left.
    if (acknowledged === 0 || (await hashAt(session, this.id, acknowledged)) === hash) return undefined;
    return `the server has another record ${acknowledged} of the chain \`${this.id}\` than the one that it acknowledged`;
  }

  async close(): Promise<void> {
    this.onClose();
    this.#lost = true;
    await this.#session?.close();
    this.#session = undefined;
  }

  /** How many records of the batch in doubt are there: all or none. */
  async #keptOf(session: DatabaseSession): Promise<number> {
    const doubt = this.#doubt;
    if (!doubt) return 0;
    const hash = await hashAt(session, this.id, doubt.head.seq);
    this.#doubt = undefined;
    return hash === doubt.head.hash ? doubt.head.seq - doubt.after.seq : 0;
  }

  /** The session, if it still answers; else a new one with the lock. Undefined when somebody else has it. */
  async #lockedSession(): Promise<DatabaseSession | undefined> {
    try {
      if (this.#session && (await pidOf(this.#session)) === this.#pid) return this.#session;
    } catch {
      // It is gone; what it held is what the next one waits for.
    }
    await this.#session?.close().catch(() => undefined);
    this.#session = await this.#connect();
    await endHolder(this.#session, this.#lock, this.#pid);
    for (let tries = 0; tries < TRIES; tries++) {
      if (await tryLock(this.#session, this.#lock)) {
        this.#pid = await pidOf(this.#session);
        return this.#session;
      }
      await pause(PAUSE_MS);
    }
    return undefined;
  }

  async #asked(): Promise<DatabaseSession> {
    this.#session ??= await this.#connect();
    return this.#session;
  }
}

async function pidOf(session: DatabaseSession): Promise<number> {
  const [row] = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
  return row?.pid ?? 0;
}
