import type { AuditTrail } from '#contract';
import type { Clock } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { recordedChange, type Changed, type IntendedChange } from '#audit';
import type { Author } from './author.ts';
import type { IdentityChanges } from './changes.ts';
import type { Action, CheckPermission, Target } from './permissions/index.ts';

/**
 * What every administrative change in here goes through: recorded before and after, permitted in the
 * transaction that makes it, and told to the copies in memory. A service that takes this has no other way
 * to change anything, so no door can forget one of them.
 */
export class ChangeFrame {
  readonly database: Database;
  readonly clock: Clock;
  readonly trail: AuditTrail;
  readonly changes: IdentityChanges;
  readonly #check: CheckPermission;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly changes: IdentityChanges;
    readonly check: CheckPermission;
  }) {
    this.database = parts.database;
    this.clock = parts.clock;
    this.trail = parts.trail;
    this.changes = parts.changes;
    this.#check = parts.check;
  }

  /** Throws unless the author may; see `CheckPermission`. */
  check(by: Author, action: Action, target: Target): void {
    this.#check(by.principal, action, target, this.clock.now());
  }

  /** Runs a change in one transaction, which may be run again. Throws as `recordedChange` and `work` do. */
  inTransaction<Value>(
    by: Pick<Author, 'origin'>,
    change: IntendedChange,
    work: (trx: DatabaseOrTransaction) => Promise<Changed<Value>>,
  ): Promise<Value> {
    return this.recorded(by, change, () => this.database.transaction(work));
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
