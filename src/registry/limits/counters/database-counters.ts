import type { Database } from '#db';
import { changeCounters, listCounters, pruneCounters } from '../../store/limit-counters-store.ts';
import type { Counters, CountSeen } from './counters.ts';
import { LEASE_MS, settle, type Ask, type Counted, type Granted } from './settle.ts';

/** Counts in one transaction: rows are held until it ends. */
const TOGETHER = 200;
/** A row stays a while after its end, so that no process with a slow clock begins it anew. */
const KEPT_MS = 60_000;

/** Counts in Chatelaine's own state: for all processes on it, and over restarts. */
export class DatabaseCounters implements Counters {
  readonly type = 'database';
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async settle(asks: readonly Ask[], holder: string, now: number): Promise<readonly Granted[]> {
    const granted = new Map<string, Granted>();
    for (let at = 0; at < asks.length; at += TOGETHER) {
      const part = new Map(asks.slice(at, at + TOGETHER).map((ask) => [ask.key, ask]));
      await changeCounters(this.#database.db, [...part.keys()], (key, row) => {
        const ask = part.get(key) as Ask;
        const before = row && { taken: row.taken, holders: JSON.parse(row.holders) as Counted['holders'] };
        const settled = settle(before, ask, holder, now);
        granted.set(key, settled.granted);
        const { taken, holders } = settled.after;
        const endsAt = ask.endsAt ?? now + LEASE_MS.atOnce;
        return { key, taken, holders: JSON.stringify(holders), ends_at: endsAt + KEPT_MS };
      });
    }
    return asks.map(({ key }) => granted.get(key) as Granted);
  }

  async probe(): Promise<void> {
    await listCounters(this.#database.db, ' ', 0, 1);
  }

  async seen(prefix: string, now: number, limit: number): Promise<readonly CountSeen[]> {
    const rows = await listCounters(this.#database.db, prefix, now + KEPT_MS, limit);
    return rows.map(({ key, taken, ends_at: kept }) => ({
      key,
      taken,
      endsAt: key.endsWith('|now') ? undefined : kept - KEPT_MS,
    }));
  }

  prune(now: number): Promise<void> {
    return pruneCounters(this.#database.db, now);
  }

  async close(): Promise<void> {}
}
