import { closeSync, existsSync, fsyncSync, ftruncateSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ChatelaineError, newId, type Clock } from '#kernel';
import { revocation, type Revocation, type RevocationLedger } from '#contract';
import { prepareDataDirectory, withFileLock } from '#db';
import { backupError } from '../errors.ts';
import { headerLine, headOfHeader, nextLine, parseLine, type LedgerHead } from './entry.ts';
import { ledgerFile, readLedger, readLedgerId } from './read-ledger.ts';

/** What says by itself what is wrong with a ledger. */
const OUR_OWN = /^(LEDGER_\w+|DATABASE_BUSY|DATA_DIRECTORY_UNSAFE)$/;

/** Longer than any line. */
const WINDOW = 8192;

export interface FileLedgerOptions {
  /** The folder is not made: it was named, and where it is not, its volume is not mounted. */
  readonly mustExist?: boolean;
  /** The ids of the ledgers it may be; no new one is begun then. */
  readonly known?: ReadonlySet<string>;
}

/**
 * The ledger as a file: one line an entry, each with the hash over the one before it. Appending is
 * open, lock, write, flush, close: revocations are rare, and several processes append to one ledger.
 */
export class FileLedger implements RevocationLedger {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #options: FileLedgerOptions;
  #turn: Promise<unknown> = Promise.resolve();

  /** Nothing is made before the first entry. */
  constructor(folder: string, clock: Clock, options: FileLedgerOptions = {}) {
    this.#folder = folder;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Resolves when the entry is on the disk. Throws `LEDGER_DAMAGED`, `LEDGER_UNAVAILABLE`, `LEDGER_UNKNOWN`,
   * `DATABASE_BUSY`.
   */
  append(entry: Revocation): Promise<void> {
    const checked = revocation.parse(entry);
    const turn = this.#turn.then(
      () => this.#append(checked),
      () => this.#append(checked),
    );
    this.#turn = turn;
    return turn;
  }

  /** Where the ledger stands; begins it where there is none, so that a backup can say what it must continue. */
  async begin(): Promise<LedgerHead> {
    await this.#locked(() => this.#write(undefined));
    const ledger = readLedger(this.#folder);
    if (ledger === undefined) throw backupError('LEDGER_UNAVAILABLE', 'the ledger that was just begun is gone');
    return ledger.head;
  }

  /** Throws `LEDGER_UNKNOWN` unless the ledger of that id, undefined for none, is the one to write to. */
  check(found: string | undefined): void {
    const { known } = this.#options;
    if (known === undefined || (found !== undefined && known.has(found))) return;
    const what = found === undefined ? 'holds no ledger' : `holds the ledger \`${found}\``;
    const ours = [...known].toSorted().join('`, `');
    throw backupError('LEDGER_UNKNOWN', `the folder \`${this.#folder}\` ${what}; this installation knows \`${ours}\``);
  }

  async #append(entry: Revocation): Promise<void> {
    await this.#locked(() => this.#write(entry));
  }

  async #locked(work: () => void): Promise<void> {
    try {
      // Before anything is made: a mount point must not be left with files that the volume then hides.
      this.check(readLedgerId(this.#folder));
      if (this.#options.mustExist === true && !existsSync(this.#folder)) throw new Error('its folder is not there');
      prepareDataDirectory(this.#folder);
      await withFileLock(join(this.#folder, 'lock'), async () => work());
    } catch (cause) {
      if (cause instanceof ChatelaineError && OUR_OWN.test(cause.code)) throw cause;
      throw backupError(
        'LEDGER_UNAVAILABLE',
        `the ledger in \`${this.#folder}\` refused: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  #write(entry: Revocation | undefined): void {
    const file = ledgerFile(this.#folder);
    const fd = openSync(file, 'a+', 0o600);
    try {
      const { head, bytes, isNew } = this.#end(fd, file);
      // What a crash left after the last line end was acknowledged to nobody.
      ftruncateSync(fd, bytes);
      const begin = isNew ? `${headerLine(head.ledger)}\n` : '';
      const next = entry === undefined ? '' : `${nextLine(head, entry, this.#clock.now()).line}\n`;
      const line = Buffer.from(begin + next);
      try {
        if (writeSync(fd, line) !== line.length) throw new Error('the disk took a part of the entry');
        fsyncSync(fd);
      } catch (error) {
        ftruncateSync(fd, bytes);
        throw error;
      }
    } finally {
      closeSync(fd);
    }
    syncDirectory(this.#folder);
  }

  /** The last entry, from the end of the file alone, and where it ends. */
  #end(fd: number, file: string): { head: LedgerHead; bytes: number; isNew: boolean } {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - WINDOW);
    const window = Buffer.alloc(size - from);
    readSync(fd, window, 0, window.length, from);
    const used = window.lastIndexOf(0x0a) + 1;
    const bytes = from + used;
    if (bytes === 0) {
      const head = headOfHeader(headerLine(newId(this.#clock.now()))) as LedgerHead;
      return { head, bytes: 0, isNew: true };
    }
    const first = Buffer.alloc(Math.min(size, 128));
    readSync(fd, first, 0, first.length, 0);
    const header = headOfHeader(first.toString('utf8').split('\n')[0] ?? '');
    const last =
      window
        .toString('utf8', 0, used - 1)
        .split('\n')
        .at(-1) ?? '';
    if (header !== undefined && last === headerLine(header.ledger)) return { head: header, bytes, isNew: false };
    const parsed = parseLine(last);
    if (header === undefined || parsed === undefined) {
      throw backupError('LEDGER_DAMAGED', `\`${file}\` does not end with an entry`);
    }
    return { head: { ledger: header.ledger, seq: parsed.entry.seq, hash: parsed.hash }, bytes, isNew: false };
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
