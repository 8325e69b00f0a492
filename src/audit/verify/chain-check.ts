import { isRecord } from '#kernel';
import { genesis, nextHash, type Head } from '../chain/chain.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import type { Finding } from './finding.ts';
import { CHECKPOINT_TYPE } from '../record/own-types.ts';

/** A record's word that a checkpoint was made. */
export interface CheckpointClaim {
  readonly number: number;
  readonly hash: string;
}

/** One chain, checked record by record. After its first finding it is only counted. */
export class ChainCheck {
  readonly #id: string;
  readonly #findings: Finding[];
  #head: Head;
  #broken = false;

  /** `after` is the last record that was removed, where some were. */
  constructor(installation: string, id: string, findings: Finding[], after?: Head) {
    this.#id = id;
    this.#findings = findings;
    this.#head = after ?? genesis(installation, id);
  }

  get head(): Head {
    return this.#head;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Checks the next record; what it says of a checkpoint, if it is a record of one. */
  take({ hash, canonical }: { hash: string; canonical: string }): CheckpointClaim | undefined {
    if (this.#broken) return undefined;
    const expected = this.#head.seq + 1;
    const record = parse(canonical);
    if (nextHash(this.#head.hash, canonical) !== hash) {
      const seq = Number(record?.['seq']);
      if (seq > expected) this.#report('missing', `record ${expected} is missing: record ${seq} stands in its place`);
      else if (seq < expected) this.#report('out-of-place', `record ${seq} stands in the place of record ${expected}`);
      else this.#report('changed', `record ${expected} is not what was written`);
      return undefined;
    }
    // The chain holds, so this is what its writer wrote: it must still be one of ours.
    if (!record || record['seq'] !== expected || record['writer'] !== this.#id || canonicalJson(record) !== canonical) {
      this.#report('changed', `record ${expected} is not a record of this chain`);
      return undefined;
    }
    this.#head = { seq: expected, hash };
    return claimIn(record);
  }

  /** Something that is no record lies at the next place. */
  fault(message: string): void {
    if (!this.#broken) this.#report('changed', `record ${this.#head.seq + 1}: ${message}`);
  }

  /** Reports the next record as the first bad one. */
  #report(kind: Finding['kind'], message: string): void {
    this.report({ kind, message, writer: this.#id, seq: this.#head.seq + 1 });
  }

  report(finding: Finding): void {
    this.#broken = true;
    this.#findings.push(finding);
  }
}

function parse(canonical: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(canonical);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a stored record says of a checkpoint, if it is a record of one. */
export function claimOf(canonical: string): CheckpointClaim | undefined {
  const record = parse(canonical);
  return record && claimIn(record);
}

function claimIn(record: Record<string, unknown>): CheckpointClaim | undefined {
  if (record['type'] !== CHECKPOINT_TYPE || !isRecord(record['details'])) return undefined;
  const { number, hash } = record['details'];
  return typeof number === 'number' && typeof hash === 'string' ? { number, hash } : undefined;
}
