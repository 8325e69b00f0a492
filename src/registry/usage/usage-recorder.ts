import type { Clock, Logger } from '#kernel';
import type { Principal } from '#contract';
import type { Database } from '#db';
import { addUsage, type StoredUsage } from '../store/usage-store.ts';
import { dayOf, pseudonymOf, Tally, type Ended } from './usage.ts';

/** A call, as far as sums go. */
export interface UsedTool {
  readonly namespace: string;
  readonly tool: string;
  readonly principal: Principal;
  readonly ended: Ended;
  readonly durationMs: number;
}

/** So many different sums are held until they are written. */
const MOST = 5_000;
const INTERVAL_MS = 5_000;
const BATCH = 500;

/**
 * Adds up calls and writes the sums every few seconds, never while a caller waits. What a process that is killed
 * had not written is lost: the audit log has the calls, these are figures.
 */
export class UsageRecorder {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  #tallies = new Map<string, StoredUsage & { readonly sums: Tally }>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly log: Logger }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  note({ namespace, tool, principal, ended, durationMs }: UsedTool): void {
    const now = this.#clock.now();
    const day = dayOf(now);
    const caller = pseudonymOf(principal);
    const key = `${day} ${namespace} ${tool} ${caller}`;
    let kept = this.#tallies.get(key);
    if (kept === undefined) {
      if (this.#tallies.size >= MOST) void this.flush();
      kept = { day, namespace, tool, principal: caller, sums: new Tally() };
      this.#tallies.set(key, kept);
    }
    kept.sums.add(ended, durationMs, now);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.flush(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Writes what there is. Never rejects: figures are not worth a call. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const tallies = [...this.#tallies.values()];
    this.#tallies = new Map();
    return (this.#writing = this.#writing.then(() => this.#write(tallies)));
  }

  close(): Promise<void> {
    return this.flush();
  }

  async #write(tallies: StoredUsage[]): Promise<void> {
    try {
      while (tallies.length > 0) {
        const batch = tallies.splice(0, BATCH);
        await this.#database.transaction((trx) => addUsage(trx, batch));
      }
    } catch (error) {
      this.#log.warn({ err: error, lost: tallies.length }, 'could not write how tools are used');
    }
  }
}
