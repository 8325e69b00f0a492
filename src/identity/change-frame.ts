import type { AuditTrail, Revocation, RevocationLedger } from '#contract';
import { ChatelaineError, type Clock } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { recordedChange, type Changed, type IntendedChange } from '#audit';
import type { Author } from './author.ts';
import type { IdentityChanges } from './changes.ts';
import type { Action, CheckPermission, Target } from './permissions/index.ts';

/** What a change gives, with what it ends or lets in again: those a restore must not undo. */
export interface FramedChange<Value> extends Changed<Value> {
  readonly ends?: readonly Revocation[];
  readonly resumes?: readonly Revocation[];
}

/** What somebody who asks for a change writes of their own in its transaction; what it throws undoes the change. */
export type Also = (trx: DatabaseOrTransaction) => Promise<void>;
export const NOTHING_ELSE: Also = async () => {};

/**
 * What every administrative change in here goes through: recorded before and after, permitted in the
 * transaction that makes it, and told to the copies in memory. A service that takes this has no other way
 * to change anything, so no door can forget one of them.
 */
export class ChangeFrame {
  readonly database: Database;
  readonly clock: Clock;
  readonly trail: AuditTrail;
  readonly ledger: RevocationLedger;
  readonly changes: IdentityChanges;
  readonly #check: CheckPermission;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly ledger: RevocationLedger;
    readonly changes: IdentityChanges;
    readonly check: CheckPermission;
  }) {
    this.database = parts.database;
    this.clock = parts.clock;
    this.trail = parts.trail;
    this.ledger = parts.ledger;
    this.changes = parts.changes;
    this.#check = parts.check;
  }

  /** Throws unless the author may; see `CheckPermission`. */
  check(by: Author, action: Action, target: Target): void {
    this.#check(by.principal, action, target, this.clock.now());
  }

  /** Whether the author may, for who asks to choose and not to refuse. */
  may(by: Author, action: Action, target: Target): boolean {
    try {
      this.check(by, action, target);
      return true;
    } catch (error) {
      if (error instanceof ChatelaineError) return false;
      throw error;
    }
  }

  /**
   * Runs a change in one transaction, which may be run again. What it ends is in the ledger before it is
   * committed, what it lets in again only afterwards: a crash in between ends too much and never too
   * little. Throws as `recordedChange`, `RevocationLedger.append` and `work` do.
   */
  inTransaction<Value>(
    by: Pick<Author, 'origin'>,
    change: IntendedChange,
    work: (trx: DatabaseOrTransaction) => Promise<FramedChange<Value>>,
  ): Promise<Value> {
    return this.recorded(by, change, async () => {
      const changed = await this.database.transaction(async (trx) => {
        const outcome = await work(trx);
        for (const end of outcome.ends ?? []) await this.ledger.append(end);
        return outcome;
      });
      for (const resumed of changed.resumes ?? []) await this.ledger.append(resumed);
      return changed;
    });
  }

  /** The same around work that opens its transactions itself. */
  recorded<Value>(
    by: Pick<Author, 'origin'>,
    change: IntendedChange,
    work: () => Promise<Changed<Value>>,
  ): Promise<Value> {
    return recordedChange(this.trail, by.origin, change, () => this.changes.after(work()));
  }
}
