import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Logger } from '#kernel';
import type { Database } from '#db';
import { setKeyLastUsed } from '../store/keys-store.ts';

const BATCH = 100;

/**
 * Writes when keys were last used, at most once a minute for the whole process and never while a
 * caller waits. One process writing rarely keeps the change feed still for the others, who would
 * otherwise ask again about every key they know.
 */
export class UsageRecorder {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #intervalMs: number;
  readonly #unwritten = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lastWrite = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly log: Logger;
    readonly intervalMs?: number;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#intervalMs = parts.intervalMs ?? 60_000;
  }

  /** Remembers a use. Holds one number for each key that has been used, so keys bound it. */
  note(keyId: string, now: number): void {
    this.#unwritten.set(keyId, now);
    if (this.#timer !== undefined) return;
    const wait = Math.min(Math.max(this.#lastWrite + this.#intervalMs - now, 0), this.#intervalMs);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#lastWrite = this.#clock.now();
      this.#writing = this.#writing.then(() => this.#write());
    }, wait);
    this.#timer.unref();
  }

  /** Writes what is left and stops. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    const uses = [...this.#unwritten];
    this.#unwritten.clear();
    try {
      while (uses.length > 0) {
        const batch = uses.splice(0, BATCH);
        await this.#database.transaction(async (trx) => {
          for (const [id, usedAt] of batch) await setKeyLastUsed(trx, id, usedAt);
        });
        if (uses.length > 0) await nextTurn();
      }
    } catch (error) {
      // A convenience for people must not turn callers away: a full disk is the audit's to act on.
      this.#log.warn({ err: error }, 'could not write when API keys were last used');
    }
  }
}
