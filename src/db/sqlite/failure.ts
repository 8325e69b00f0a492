import { isRecord, type ChatelaineError } from '#kernel';
import { databaseError } from '../errors.ts';

// Primary result codes, https://www.sqlite.org/rescode.html
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** True when SQLite gave up waiting for another process's lock; nothing was done. */
export const isBusy = (error: unknown): boolean => primaryCode(error) === BUSY;

/**
 * The catalogued error behind a failure of the file, the disk or the lock. Anything else (a broken
 * constraint, a wrong statement) is a defect of ours and comes back as it was.
 */
export function translateFailure(error: unknown): unknown {
  const catalogued = fromCode(primaryCode(error), error);
  return catalogued ?? error;
}

function fromCode(code: number | undefined, cause: unknown): ChatelaineError | undefined {
  switch (code) {
    case BUSY:
      return databaseError('DATABASE_BUSY', 'the database is locked by another process', { cause });
    case READONLY:
    case IOERR:
    case FULL:
    case CANTOPEN:
      return databaseError('DATABASE_UNAVAILABLE', `the database refused: ${(cause as Error).message}`, { cause });
    case CORRUPT:
    case NOTADB:
      return databaseError('DATABASE_DAMAGED', `the database is damaged: ${(cause as Error).message}`, { cause });
    default:
      return undefined;
  }
}

/** The low byte of the extended code that node:sqlite reports. */
function primaryCode(error: unknown): number | undefined {
  const code = isRecord(error) ? error['errcode'] : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}
