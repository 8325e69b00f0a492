import { z } from 'zod';
import { sha256Hex } from '#kernel';
import { revocation, REVOCATIONS, type Revocation } from '#contract';
import { canonicalJson } from '#audit';

/** Where a ledger stands: whose, how many entries, and the hash of the last. */
export interface LedgerHead {
  readonly ledger: string;
  /** 0 before the first entry. */
  readonly seq: number;
  readonly hash: string;
}

export const ledgerHead = z.strictObject({
  ledger: z.string().length(26),
  seq: z.int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** An entry with its place. */
export interface LedgerEntry extends Revocation {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const stored = z.strictObject({
  at: z.int().nonnegative(),
  holdsFrom: revocation.shape.holdsFrom,
  id: revocation.shape.id,
  seq: z.int().positive(),
  what: z.enum(REVOCATIONS),
});

const FORMAT = 'chatelaine-ledger/1';

/** The first line of a ledger. */
export const headerLine = (ledger: string): string => `${FORMAT} ${ledger}`;

/** The head before the first entry, from the first line; undefined when it is none. */
export function headOfHeader(line: string): LedgerHead | undefined {
  const ledger = line.slice(FORMAT.length + 1);
  if (line !== headerLine(ledger) || !/^[0-9a-hjkmnp-tv-z]{26}$/.test(ledger)) return undefined;
  return { ledger, seq: 0, hash: sha256Hex(`${line}\n`) };
}

/** The line that follows `head`, and the head after it. */
export function nextLine(head: LedgerHead, entry: Revocation, at: number): { line: string; head: LedgerHead } {
  const canonical = canonicalJson({ ...entry, at, seq: head.seq + 1 });
  const hash = sha256Hex(`${head.hash} ${canonical}`);
  return { line: `${hash} ${canonical}`, head: { ledger: head.ledger, seq: head.seq + 1, hash } };
}

/** A line as it stands, its hash unchecked; undefined when it is no entry. */
export function parseLine(line: string): { readonly entry: LedgerEntry; readonly hash: string } | undefined {
  try {
    const parsed = stored.safeParse(JSON.parse(line.slice(65)));
    return parsed.success && /^[0-9a-f]{64} /.test(line) ? { entry: parsed.data, hash: line.slice(0, 64) } : undefined;
  } catch {
    return undefined;
  }
}
