import type { Revocation } from '#contract';
import type { DatabaseOrTransaction } from './database.ts';

/** The ends that hold, by what ended: the object's id, and from when on (milliseconds). */
export type StandingEnds = (what: Revocation['what']) => ReadonlyMap<string, number>;

/**
 * What a module does to a state that was restored from a backup, before anybody uses it. Each module
 * with revocations, sessions or token families hands one in.
 */
export interface AfterRestore {
  readonly module: string;
  /** Ends again what had ended after the backup was made; gives how many rows that changed. */
  replay?(trx: DatabaseOrTransaction, ends: StandingEnds, now: number): Promise<number>;
  /**
   * Ends what a copy must never live on with: sessions and token families. Whoever has one has it twice
   * now, and what was rotated since the backup would be valid again. Gives how many.
   */
  endSessions?(trx: DatabaseOrTransaction, now: number): Promise<number>;
}
