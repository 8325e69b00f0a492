import { BoundedCache, type Clock, type Logger } from '#kernel';
import type { Database } from '#db';
import type { Entity } from '../facts/entities.ts';
import type { PolicySet } from '../decide/policy-set.ts';
import { keepSubjects, readSubject, type SubjectRow } from '../store/decision-subjects-store.ts';
import { forgetDecisionsAbout, isAbout } from './forget-decisions.ts';
import { storedPolicies, type ReadSubject } from './recorded-sets.ts';
import { toStored } from './subjects.ts';

/** Kinds of callers and tools that this process remembers to have written. */
const WRITTEN = 50_000;
/** Those that wait. What finds no place is lost, and its decisions cannot be replayed. */
const MOST_WAITING = 10_000;
const BATCH = 100;
/** Long enough that many share one transaction, short enough that a record does not stand alone for long. */
const PAUSE_MS = 200;
const PAUSE_AFTER_FAILURE_MS = 5_000;
/** Then it is written again, so that what is still met is not forgotten with what is not. */
const AGAIN_MS = 24 * 3_600_000;

export interface DecisionSubjectsParts {
  readonly database: Pick<Database, 'db' | 'transaction'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pauseMs?: number;
}

/**
 * Keeps who and what recorded decisions were about. Each is written once by a process, by itself and never while
 * a call waits; a call pays for looking whether it was.
 */
export class DecisionSubjects {
  readonly #parts: DecisionSubjectsParts;
  readonly #written = new BoundedCache<string, number>(WRITTEN);
  readonly #waiting = new Map<string, () => string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  /** So many found no place, or could not be written when it was time to end. */
  lost = 0;

  constructor(parts: DecisionSubjectsParts) {
    this.#parts = parts;
  }

  /** To be called for each decision that goes on record. */
  note(principal: Entity, tool: Entity, set: Pick<PolicySet, 'version' | 'rules'>): void {
    const now = this.#parts.clock.now();
    this.#note(principal.key, now, () => JSON.stringify(toStored(principal)));
    this.#note(tool.key, now, () => JSON.stringify(toStored(tool)));
    this.#note(set.version, now, () => storedPolicies([...new Set(set.rules.map(({ policy }) => policy))]));
  }

  /** Takes away those people, by the names that their keys have: what waits is not written, what is written goes. */
  async forget(subjects: readonly string[]): Promise<void> {
    const meant = new Set(subjects);
    for (const [key, make] of this.#waiting) if (isAbout(make(), meant)) this.#waiting.delete(key);
    // What is being written just now goes with the rest.
    await this.#writing;
    await forgetDecisionsAbout(this.#parts.database.db, subjects);
  }

  /** What is kept under a key, or still waits. */
  readonly read: ReadSubject = async (key) =>
    this.#waiting.get(key)?.() ?? (await readSubject(this.#parts.database.db, key));

  #note(key: string, now: number, make: () => string): void {
    const written = this.#written.get(key);
    if (written !== undefined && now - written < AGAIN_MS) return;
    if (this.#waiting.size >= MOST_WAITING || this.#closed) {
      this.lost++;
      return;
    }
    this.#written.set(key, now);
    this.#waiting.set(key, make);
    this.#begin(this.#parts.pauseMs ?? PAUSE_MS);
  }

  #begin(pauseMs: number): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, pauseMs).unref();
  }

  /** Writes what waits. Never rejects: what could not be written waits for the next time. */
  flush(): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const { database, clock, log } = this.#parts;
    try {
      while (this.#waiting.size > 0) {
        const batch = [...this.#waiting].slice(0, BATCH);
        const rows = batch.map(([key, make]): SubjectRow => ({ key, subject: make() }));
        await database.transaction((trx) => keepSubjects(trx, rows, clock.now()));
        for (const [key] of batch) this.#waiting.delete(key);
      }
    } catch (error) {
      log.warn({ err: error, waiting: this.#waiting.size }, 'what decisions were about could not be kept yet');
      this.#begin(PAUSE_AFTER_FAILURE_MS);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.flush();
    this.lost += this.#waiting.size;
    if (this.lost > 0)
      this.#parts.log.warn({ lost: this.lost }, 'the decisions about some callers or tools cannot be replayed');
  }
}
