import { newId, type Clock } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { Remembered } from '#identity';
import { write } from '../artifacts/unit-of-work.ts';
import { deleteOfGrant } from '../store/artifacts-store.ts';
import {
  endTokenSessions,
  findTokenSession,
  insertTokenSession,
  listTokenSessions,
  touchTokenSession,
  type EndedSession,
  type Ending,
  type TokenSession,
} from '../store/token-sessions-store.ts';

/** What a token session begins with. */
export type NewTokenSession = Pick<
  TokenSession,
  'id' | 'userId' | 'clientId' | 'clientName' | 'owner' | 'resource' | 'scopes'
> &
  Partial<Pick<TokenSession, 'upstreams'>>;

/**
 * Sign-ins of users through clients towards owners, which every token of theirs stands on: when one ends, its
 * codes and tokens are gone, here at once and in other processes within a second.
 */
export class TokenSessions {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #known: Remembered<TokenSession>;
  readonly #onBegin = new Set<(session: NewTokenSession) => Promise<void>>();
  readonly #onEnd = new Set<() => void>();
  readonly #onEnded = new Set<(ended: readonly EndedSession[]) => void>();

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly idleSeconds: number }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#idleMs = parts.idleSeconds * 1000;
    this.#known = new Remembered(parts.database.changes);
  }

  /** An identifier for the next one: nothing a client sends has a say in it. */
  newId(): string {
    return newId(this.#clock.now());
  }

  /** Begins one, with the rest of the request where there is one; for `lastsSeconds` where nothing refreshes it. */
  async begin(session: NewTokenSession, lastsSeconds?: number): Promise<void> {
    for (const told of this.#onBegin) await told(session);
    const now = this.#clock.now();
    const row: TokenSession = {
      upstreams: [],
      ...session,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + (lastsSeconds === undefined ? this.#idleMs : lastsSeconds * 1000),
      endedAt: null,
      endedBecause: null,
    };
    await write(this.#database, (trx) => insertTokenSession(trx, row));
  }

  /** Notes that tokens were issued: it goes on for so long again. */
  async touch(id: string, idleSeconds: number = this.#idleMs / 1000): Promise<void> {
    const now = this.#clock.now();
    await write(this.#database, (trx) => touchTokenSession(trx, id, { now, expiresAt: now + idleSeconds * 1000 }));
  }

  /** The session if it goes on. Throws as the database does. */
  live(id: string): TokenSession | undefined | Promise<TokenSession | undefined> {
    const now = this.#clock.now();
    const known = this.#known.recall(id, now);
    if (known !== undefined) return goesOn(known, now) ? known : this.#read(id);
    return this.#read(id);
  }

  async #read(id: string): Promise<TokenSession | undefined> {
    const keep = this.#known.reading();
    const session = await findTokenSession(this.#database.db, id);
    if (session === undefined || !goesOn(session, this.#clock.now())) return undefined;
    keep(id, session);
    return session;
  }

  /** Those of a user that go on, the newest first. */
  list(userId: string): Promise<readonly TokenSession[]> {
    return listTokenSessions(this.#database.db, userId, this.#clock.now());
  }

  /** Ends those that are meant, in a transaction of the caller, with everything that was issued under them. */
  async endIn(trx: DatabaseOrTransaction, which: Ending, because: string): Promise<readonly EndedSession[]> {
    const ended = await endTokenSessions(trx, which, { now: this.#clock.now(), because });
    for (const { id } of ended) await deleteOfGrant(trx, id);
    return ended;
  }

  /** The same, with the rest of the request where there is one. */
  async end(which: Ending, because: string): Promise<void> {
    let ended: readonly EndedSession[] = [];
    await write(
      this.#database,
      async (trx) => void (ended = await this.endIn(trx, which, because)),
      () => {
        this.forget();
        if (ended.length > 0) for (const told of this.#onEnded) told(ended);
      },
    );
  }

  /** What is kept in memory is read anew; after a change that was committed here. */
  forget(): void {
    this.#known.forget();
    for (const told of this.#onEnd) told();
  }

  /** Told before one begins, with the rest of the request where there is one; it does not where that rejects. */
  onBegin(told: (session: NewTokenSession) => Promise<void>): void {
    this.#onBegin.add(told);
  }

  /** Told when sessions may have ended here. */
  onEnd(told: () => void): void {
    this.#onEnd.add(told);
  }

  /** Told which sessions this process has ended, once that is committed. */
  onEnded(told: (ended: readonly EndedSession[]) => void): void {
    this.#onEnded.add(told);
  }
}

const goesOn = (session: TokenSession, now: number): boolean => session.endedAt === null && session.expiresAt > now;
