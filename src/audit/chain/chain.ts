import { hash } from 'node:crypto';
import { canonicalJson } from '../record/canonical-json.ts';

/**
 * The chain of one writer. Each record's hash is SHA-256 over the previous record's hash (32 bytes)
 * and the record's canonical bytes; before the first record stands the genesis, which binds the
 * installation and the writer, so that no record can be moved into another chain.
 */
export interface Head {
  /** Number of the last record; 0 before the first. */
  readonly seq: number;
  /** Its hash, 64 lower-case hexadecimal digits; the genesis before the first. */
  readonly hash: string;
}

export const HASH_DIGITS = 64;

/** Where a writer's chain begins. */
export function genesis(installation: string, writer: string): Head {
  return {
    seq: 0,
    hash: hash('sha256', `chatelaine-audit-genesis-v1\n${canonicalJson({ installation, writer })}`, 'hex'),
  };
}

/** The hash of the record that follows: `canonical` is its canonical text. */
export function nextHash(previous: string, canonical: string): string {
  const bytes = Buffer.allocUnsafe(32 + Buffer.byteLength(canonical));
  bytes.write(previous, 0, 32, 'hex');
  bytes.write(canonical, 32, 'utf8');
  return hash('sha256', bytes, 'hex');
}

/** A record as it lies in storage: its hash and its canonical text. */
export interface StoredRecord {
  readonly hash: string;
  readonly canonical: string;
}

const LINE = /^[0-9a-f]{64} \{.*\}$/s;

/** The stored form of one record: `hash SP canonical`, without the line end. */
export const recordLine = ({ hash, canonical }: StoredRecord): string => `${hash} ${canonical}`;

/** The record of a line, unchecked against any chain. Undefined when it is no such line at all. */
export function parseRecordLine(line: string): StoredRecord | undefined {
  return LINE.test(line) ? { hash: line.slice(0, HASH_DIGITS), canonical: line.slice(HASH_DIGITS + 1) } : undefined;
}
