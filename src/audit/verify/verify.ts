import type { Head } from '../chain/chain.ts';
import type { SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import type { TrustedKeys } from '../checkpoint/signing-key.ts';
import { ChainCheck } from './chain-check.ts';
import { CheckpointCheck } from './checkpoint-check.ts';
import type { Finding } from './finding.ts';
import type { LogItem } from './log-stream.ts';

export interface VerifyOptions {
  readonly installation: string;
  /** Whose signatures count. From outside the log, or whoever can write it can sign it as well. */
  readonly keys: TrustedKeys;
  /** Checkpoints that were kept elsewhere: the log must still hold them. */
  readonly anchors?: readonly SignedCheckpoint[];
  /** The number of the last checkpoint when reading has ended, where a log grows while it is read. */
  readonly latest?: () => Promise<number>;
  /** Called between groups of records. */
  readonly onProgress?: (progress: { readonly records: number; readonly checkpoints: number }) => void;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** In the order in which they were met, at most one a chain: behind the first nothing can be told. */
  readonly findings: readonly Finding[];
  readonly records: number;
  readonly checkpoints: number;
  /** Records after the last checkpoint: cutting these off could not be told. */
  readonly uncovered: number;
  /** Chains of which the beginning was removed by policy, as a checkpoint signs, and the first record that is left. */
  readonly retainedFrom: readonly { readonly writer: string; readonly seq: number }[];
}

/**
 * Holds a log to its word: every record continues its chain and is written canonically, every
 * checkpoint is signed by a trusted key, continues the one before, and covers exactly what is there.
 * Names the first record that is not what was written.
 */
export async function verifyLog(
  items: AsyncIterable<readonly LogItem[]>,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const findings: Finding[] = [];
  const chains = new Map<string, ChainCheck>();
  const removals = new Map<string, Head>();
  const chainOf = (id: string): ChainCheck => {
    const chain = chains.get(id) ?? new ChainCheck(options.installation, id, findings, removals.get(id));
    chains.set(id, chain);
    return chain;
  };
  const checkpoints = new CheckpointCheck(options, { chainOf, removals, findings });
  let records = 0;
  for await (const group of items) {
    for (const item of group) {
      if (item.kind === 'checkpoint') {
        checkpoints.take(item.line);
      } else if (item.kind === 'removed') {
        removals.set(item.writer, item.head);
      } else if (item.kind === 'fault') {
        chainOf(item.writer).fault(item.message);
      } else {
        records++;
        const claim = chainOf(item.writer).take(item);
        checkpoints.addLeaf(item.hash);
        if (claim) checkpoints.claim(claim);
      }
    }
    options.onProgress?.({ records, checkpoints: checkpoints.count });
  }
  await checkpoints.conclude();
  return {
    ok: findings.length === 0,
    findings,
    records,
    checkpoints: checkpoints.count,
    uncovered: checkpoints.uncovered,
    retainedFrom: [...removals].map(([writer, { seq }]) => ({ writer, seq: seq + 1 })),
  };
}
