import { defineErrors } from '#kernel';

/** What can be wrong with the ledger, with backups, and with restoring them. */
export const backupError = defineErrors('backup', {
  LEDGER_DAMAGED: {
    status: 500,
    title: 'the ledger of revocations is not as it was written',
    remedy:
      'Keep a copy and look who changed it. To revoke meanwhile, move it aside, begin a new one with `chatelaine ledger adopt`, and make a backup at once.',
  },
  LEDGER_UNAVAILABLE: {
    status: 503,
    title: 'the ledger of revocations cannot be read or written',
    remedy: 'The message says what was refused: check the disk and the rights on the folder. Nothing was revoked.',
  },
  LEDGER_UNKNOWN: {
    status: 503,
    title: 'this is not the ledger of revocations that the installation writes to',
    remedy:
      'Most often its volume is not mounted: mount it. If the ledger is lost, or this host is to have one of its own, `chatelaine ledger adopt` takes or begins the one that is configured; make a backup at once then. Nothing was revoked.',
  },
  LEDGER_MISSING: {
    status: 409,
    title: 'the ledger that belongs to the backup is not there',
    remedy:
      'Name its folder with `--ledger`. If it is lost, `--accept-lost-revocations` restores without it: what was revoked or erased since the backup comes back.',
  },
  LEDGER_SHORTENED: {
    status: 409,
    title: 'the ledger holds less than the backup has seen of it',
    remedy: 'Somebody put an older ledger in its place, or cut it off. Find the one that is whole.',
  },
  BACKUP_UNREADABLE: {
    status: 422,
    title: 'the file is no backup, or not one as it was written',
    remedy: 'Use another backup. `chatelaine backup verify` says which are whole.',
  },
  BACKUP_KEY_WRONG: {
    status: 422,
    title: 'this key does not open the backup',
    remedy: 'Name the private key of the recipient that the backup was made for, or its passphrase.',
  },
  BACKUP_KEY_REFUSED: {
    status: 400,
    title: 'this is no key for backups',
    remedy: 'Make a pair with `chatelaine backup key create`; a passphrase has 16 characters or more.',
  },
  BACKUP_FAILED: {
    status: 500,
    title: 'no backup could be made',
    remedy: 'The message says what failed. No file of this name was left behind.',
  },
  BACKUP_BUSY: {
    status: 409,
    title: 'another process makes a backup into this folder',
    remedy: 'Wait until it has finished.',
  },
  RESTORE_TARGET_USED: {
    status: 409,
    title: 'a restore needs an empty place',
    remedy:
      'Restore into a new data directory, or an empty database. What is kept apart from backups (keyring, keys, ledger) may lie there already.',
  },
  RESTORE_MISMATCH: {
    status: 409,
    title: 'the backup cannot be restored there',
    remedy: 'The message says what differs. A backup goes back to the kind of database it came from.',
  },
});
