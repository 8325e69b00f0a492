import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { restoreMarker } from '#db';
import { backupError } from '../errors.ts';

/** What is kept apart from backups, and may lie in the directory before: keys, keyring, ledger. */
const KEPT_APART = /^(keyring\.db(-wal|-shm)?|ledger|audit|[^/]+\.key)$/;
const KEPT_AUDIT = /^(signing\.key|digest\.key)$/;
/** What a restore puts there, and a restore that begins anew may take away. */
const OURS = /^chatelaine\.db(-wal|-shm)?$/;
const STAGING = 'restoring';

/**
 * A data directory that is being restored into. From the first moment until the last a marker lies in it,
 * with which nothing opens it; the new state grows in a folder beside, and is moved when it is whole.
 */
export class RestoreTarget {
  readonly directory: string;
  readonly staging: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.staging = join(directory, STAGING);
  }

  /** Throws `RESTORE_TARGET_USED` where there is anything that a restore could be taken for, or overwrite. */
  static begin(directory: string, note: Readonly<Record<string, unknown>>): RestoreTarget {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const marker = restoreMarker(directory);
    const target = new RestoreTarget(directory);
    const again = existsSync(marker);
    const taken = readdirSync(directory).filter(
      (name) => !KEPT_APART.test(name) && !(again && (OURS.test(name) || name === STAGING || marker.endsWith(name))),
    );
    const audit = join(directory, 'audit');
    const inAudit = existsSync(audit) ? readdirSync(audit).filter((name) => !KEPT_AUDIT.test(name)) : [];
    const found = taken[0] ?? (again || inAudit[0] === undefined ? undefined : `audit/${inAudit[0]}`);
    if (found !== undefined) throw backupError('RESTORE_TARGET_USED', `\`${directory}\` holds \`${found}\` already`);
    writeFileSync(marker, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    syncPath(marker);
    syncPath(directory);
    for (const name of readdirSync(directory)) {
      if (OURS.test(name) || name === STAGING) rmSync(join(directory, name), { recursive: true, force: true });
    }
    for (const name of inAudit) rmSync(join(audit, name), { recursive: true, force: true });
    mkdirSync(target.staging, { mode: 0o700 });
    return target;
  }

  /** Moves the new state into its place, and then takes the marker away. */
  finish(): void {
    const audit = join(this.staging, 'audit');
    if (existsSync(audit)) {
      mkdirSync(join(this.directory, 'audit'), { recursive: true, mode: 0o700 });
      for (const name of readdirSync(audit)) renameSync(join(audit, name), join(this.directory, 'audit', name));
      syncPath(join(this.directory, 'audit'));
    }
    for (const name of readdirSync(this.staging)) {
      if (OURS.test(name)) renameSync(join(this.staging, name), join(this.directory, name));
    }
    rmSync(this.staging, { recursive: true, force: true });
    syncPath(this.directory);
    rmSync(restoreMarker(this.directory));
    syncPath(this.directory);
  }

  /** Before anything was moved: as if nothing had been. */
  abandon(): void {
    rmSync(this.staging, { recursive: true, force: true });
    rmSync(restoreMarker(this.directory), { force: true });
  }
}

/** Flushes a file or a folder. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
