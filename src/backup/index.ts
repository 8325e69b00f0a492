/**
 * backup: copies of the state, and what they must not bring back.
 *
 * Owns the ledger of revocations and erasures outside the database (`ledger/`: the adapter of the port
 * `RevocationLedger`), making backups while everything runs, and on a schedule (`create/`), their file
 * (`archive/`: HPKE or a passphrase, chunks under AES-256-GCM, a manifest), and restoring (`restore/`).
 * Does not own: how a database is copied and filled (`#db`), how the log is (`#audit`), what a module does
 * to a restored state (`AfterRestore` of `#db`: each module hands one in).
 *
 * In a backup: the database without the keyring of data subjects, and the audit log without its private
 * keys. Kept apart, because a copy would undo what they are for: the keyring, the wrapping key, the
 * other `*.key` files, the ledger. RFC 9180 (HPKE), RFC 9106 (argon2id). docs/backup.md, ADR 13 and 14.
 */
export { FileLedger, type FileLedgerOptions } from './ledger/file-ledger.ts';
export { adoptLedger, ledgerTrouble, openLedger, type LedgerOptions } from './ledger/open-ledger.ts';
export { ledgerFolder } from './ledger/ledger-folder.ts';
export { readLedger, type Ledger } from './ledger/read-ledger.ts';
export {
  makeKeyPair,
  parsePassphrase,
  parsePrivateKey,
  parseRecipient,
  type Opener,
  type Recipient,
} from './archive/keys.ts';
export type { Manifest } from './archive/manifest.ts';
export { readBackup } from './archive/verify.ts';
export { createBackup, type CreateBackup, type CreatedBackup } from './create/create-backup.ts';
export { deleteOldest, listBackups, type BackupFile } from './create/folder.ts';
export { BackupSchedule, type ScheduleParts } from './create/schedule.ts';
export { restoreBackup, type RestoreBackup, type RestoredBackup } from './restore/restore-backup.ts';
export { noteVerification, readVerification } from './create/verification.ts';
