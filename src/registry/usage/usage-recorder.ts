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

type Kept = StoredUsage & { readonly sums: Tally };

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
  /** By caller, namespace and tool: a key of all three would be a text that each call makes and throws away. */
  #tallies = new Map<string, Map<string, Map<string, Kept>>>();
  #kept: Kept[] = [];
  #day = Number.NaN;
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
    if (day !== this.#day || this.#kept.length >= MOST) void this.flush();
    this.#day = day;
    this.#sumsOf(pseudonymOf(principal), namespace, tool).add(ended, durationMs, now);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.flush(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Writes what there is. Never rejects: figures are not worth a call. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const tallies = this.#kept;
    this.#tallies = new Map();
    this.#kept = [];
    return (this.#writing = this.#writing.then(() => this.#write(tallies)));
  }

  close(): Promise<void> {
    return this.flush();
  }

  #sumsOf(principal: string, namespace: string, tool: string): Tally {
    const ofCaller = getOrMake(this.#tallies, principal);
    const ofNamespace = getOrMake(ofCaller, namespace);
    let kept = ofNamespace.get(tool);
    if (kept === undefined) {
      kept = { day: this.#day, namespace, tool, principal, sums: new Tally() };
      ofNamespace.set(tool, kept);
      this.#kept.push(kept);
    }
    return kept.sums;
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

function getOrMake<Value>(within: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let found = within.get(key);
  if (found === undefined) {
    found = new Map();
    within.set(key, found);
  }
  return found;
}
