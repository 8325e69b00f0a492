import type { DatabaseOrTransaction } from '#db';

/** What changed about a secret. Names and numbers; never a value. */
export interface SecretChange {
  readonly what:
    | 'secret.created'
    | 'secret.version-added'
    | 'secret.versions-ended'
    | 'secret.disabled'
    | 'secret.enabled'
    | 'secret.deleted';
  readonly namespace: string;
  readonly name: string;
  readonly secretId: string;
  /**
   * Only ever grows. An anchor outside the database that knows the last one recorded can tell when
   * rows were set back to an older state, which nothing inside the database can.
   */
  readonly generation: number;
  readonly version?: number;
}

/** What changed in the vault, for the record. */
export type VaultChange =
  | SecretChange
  | { readonly what: 'key.rotated'; readonly scope: string; readonly keyId: string; readonly retired: string }
  | { readonly what: 'subject.erased'; readonly subject: string; readonly keys: number };

/**
 * Hears of the change in the transaction that makes it, and when it throws, nothing has changed. Not the
 * record itself: the transaction may run again or fail to commit, and a record cannot be taken back. Whoever
 * hands this in, and knows the caller, which the vault does not, has the intent on record before and puts
 * what it heard last into the outcome (`recordedVaultChange`), or writes down an intent here (`startShredding`).
 */
export type RecordChange = (trx: DatabaseOrTransaction, change: VaultChange) => Promise<void>;
