import { hostname } from 'node:os';
import type { CountersSettings, LimitDeclaration } from '#contract';
import type { Database } from '#db';
import type { ChangeFrame } from '#identity';
import { newId, type Clock, type Logger } from '#kernel';
import { MeteredCalls, type LimitObserver } from './call-limits.ts';
import type { Counters } from './counters/counters.ts';
import { DatabaseCounters } from './counters/database-counters.ts';
import { MemoryCounters } from './counters/memory-counters.ts';
import { LimitBook } from './limit-book.ts';
import { LimitDirectory } from './limit-directory.ts';
import { Meter } from './meter.ts';

export interface LimitsOptions {
  readonly database: Database;
  readonly frame: ChangeFrame;
  /** `counters:` of the configuration. */
  readonly settings: CountersSettings;
  /** The `kind: limit` documents of now: another list where they are others. */
  readonly declared: () => readonly LimitDeclaration[];
  readonly refused: LimitObserver;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Limits {
  readonly calls: MeteredCalls;
  readonly directory: LimitDirectory;
  /** Whether limits are counted where they should be. */
  away(): boolean;
  /** Gives back what this process holds. */
  close(): Promise<void>;
}

/** What counts calls, and what limits there are. */
export async function openLimits(options: LimitsOptions): Promise<Limits> {
  const { database, frame, settings, declared, refused, clock, log } = options;
  const counters = await openCounters(options);
  const holder = `${hostname()
    .replaceAll(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 32)}-${newId(clock.now())}`;
  const replicas = settings.type === 'memory' ? 1 : (settings.replicas ?? (database.oneWriter ? 1 : 2));
  const meter = new Meter({ counters, holder, replicas, clock, log });
  const book = new LimitBook({ database, clock, declared });
  return {
    calls: new MeteredCalls({ book, meter, clock, refused }),
    directory: new LimitDirectory({ frame, book, counters }),
    away: () => meter.away,
    async close() {
      await meter.close();
      await counters.close();
    },
  };
}

async function openCounters({ settings, database, log }: LimitsOptions): Promise<Counters> {
  switch (settings.type) {
    case 'memory':
      return new MemoryCounters();
    case 'database':
      return new DatabaseCounters(database);
    case 'redis':
      return (await import('./counters/redis-counters.ts')).openRedisCounters(settings, log);
  }
}
