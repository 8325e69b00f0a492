import type { Ask, Granted } from './settle.ts';

/** A count as people see it. */
export interface CountSeen {
  readonly key: string;
  /** What is lent and not used yet counts as used. */
  readonly taken: number;
  /** Undefined of what is counted while it runs. */
  readonly endsAt: number | undefined;
}

/**
 * Where counts are kept that several processes share. Each count changes as if nobody else asked meanwhile;
 * `settle.ts` says how. Rejects where it does not answer; whether it did what it was asked is unknown then.
 */
export interface Counters {
  readonly type: 'memory' | 'database' | 'redis';
  /** The answers in the order of the asks; no key comes twice. */
  settle(asks: readonly Ask[], holder: string, now: number): readonly Granted[] | Promise<readonly Granted[]>;
  /** Whether it answers; rejects where it does not. */
  probe(): Promise<void>;
  /** Counts that are not over, whose key begins so, at most `limit` of them, the fullest first. */
  seen(prefix: string, now: number, limit: number): Promise<readonly CountSeen[]>;
  /** Forgets what is over; none has to be asked to. */
  prune(now: number): Promise<void>;
  close(): Promise<void>;
}
