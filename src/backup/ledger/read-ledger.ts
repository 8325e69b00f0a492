import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Revocation } from '#contract';
import { backupError } from '../errors.ts';
import { headOfHeader, nextLine, parseLine, type LedgerEntry, type LedgerHead } from './entry.ts';

/** The file of a ledger's folder. */
export const ledgerFile = (folder: string): string => join(folder, 'ledger.log');

export interface Ledger {
  readonly head: LedgerHead;
  readonly entries: readonly LedgerEntry[];
  /** The hash after so many entries, 0 for the beginning. */
  hashAt(seq: number): string | undefined;
}

/**
 * The whole ledger of a folder, every entry held against its hash; undefined where there is none. What
 * follows the last line end was never acknowledged, and does not count. Throws `LEDGER_DAMAGED` with the
 * first entry that is not what was written.
 */
export function readLedger(folder: string): Ledger | undefined {
  const file = ledgerFile(folder);
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const header = lines.shift();
  // Made and not begun: a crash came first.
  if (header === undefined) return undefined;
  const begin = headOfHeader(header);
  if (begin === undefined) throw backupError('LEDGER_DAMAGED', `\`${file}\` does not begin as a ledger`);
  let head: LedgerHead = begin;
  const entries: LedgerEntry[] = [];
  const hashes = [head.hash];
  for (const line of lines) {
    const entry = parseLine(line)?.entry;
    const next = entry && nextLine(head, revocationOf(entry), entry.at);
    if (entry === undefined || next?.line !== line) {
      throw backupError('LEDGER_DAMAGED', `the entry ${head.seq + 1} of \`${file}\` is not what was written`);
    }
    entries.push(entry);
    hashes.push(next.head.hash);
    head = next.head;
  }
  return { head, entries, hashAt: (seq) => hashes[seq] };
}

/** What was appended, without its place. */
const revocationOf = ({ at: _at, seq: _seq, ...appended }: LedgerEntry): Revocation => appended;

/** The id of the ledger in a folder, from its first line; undefined where none has begun. Throws `LEDGER_DAMAGED`. */
export function readLedgerId(folder: string): string | undefined {
  const file = ledgerFile(folder);
  if (!existsSync(file)) return undefined;
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(128);
    const line = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)).split('\n');
    if (line.length < 2) return undefined;
    const head = headOfHeader(line[0] ?? '');
    if (head === undefined) throw backupError('LEDGER_DAMAGED', `\`${file}\` does not begin as a ledger`);
    return head.ledger;
  } finally {
    closeSync(fd);
  }
}

/** Throws `LEDGER_SHORTENED` unless the ledger continues what `seen` is the head of. */
export function checkContinues(ledger: Ledger, seen: LedgerHead): void {
  const hash = ledger.head.ledger === seen.ledger ? ledger.hashAt(seen.seq) : undefined;
  if (hash === seen.hash) return;
  const what =
    ledger.head.ledger !== seen.ledger
      ? `is another one (\`${ledger.head.ledger}\`, not \`${seen.ledger}\`)`
      : hash === undefined
        ? `has ${ledger.head.seq} entries`
        : `differs at the entry ${seen.seq}`;
  throw backupError('LEDGER_SHORTENED', `the ledger ${what}; the backup has seen ${seen.seq} entries`);
}
