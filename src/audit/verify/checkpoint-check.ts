import {
  checkpointHash,
  checkSignature,
  NO_CHECKPOINT,
  readCheckpoint,
  type CheckpointBody,
} from '../checkpoint/checkpoint.ts';
import { MerkleRoot } from '../checkpoint/merkle.ts';
import type { Head } from '../chain/chain.ts';
import { removalsIn } from '../retention/removals.ts';
import type { ChainCheck, CheckpointClaim } from './chain-check.ts';
import type { Finding } from './finding.ts';
import type { VerifyOptions } from './verify.ts';

/** The checkpoints of a log, checked one after another against the chains they cover. */
export class CheckpointCheck {
  readonly #options: VerifyOptions;
  readonly #chainOf: (id: string) => ChainCheck;
  readonly #removals: ReadonlyMap<string, Head>;
  readonly #findings: Finding[];
  /** Of those that have passed, the hashes that no record has spoken of yet: of a whole log, the last alone. */
  readonly #unclaimed = new Map<number, string>();
  /** What records say of some that have not passed yet: where a log was tampered with, or grows. */
  readonly #open = new Map<number, string>();
  /** What anchors say, whom to believe first. */
  readonly #anchored = new Map<number, string[]>();
  /** The first that is not the one that somebody knew. */
  #changed: number | undefined;
  #last: CheckpointBody | undefined;
  /** The place of the next one, counted as they lie. */
  #number = 1;
  #tree = new MerkleRoot();
  /** After a bad one nothing can be said about what the next covers. */
  #broken = false;

  constructor(
    options: VerifyOptions,
    log: {
      readonly chainOf: (id: string) => ChainCheck;
      /** What is said to have been removed; a checkpoint must say so as well. */
      readonly removals: ReadonlyMap<string, Head>;
      readonly findings: Finding[];
    },
  ) {
    this.#options = options;
    this.#chainOf = log.chainOf;
    this.#removals = log.removals;
    this.#findings = log.findings;
    for (const { number, hash } of this.#trustedAnchors()) {
      this.#anchored.set(number, [...(this.#anchored.get(number) ?? []), hash]);
    }
  }

  get count(): number {
    return this.#number - 1;
  }

  get uncovered(): number {
    return this.#tree.size;
  }

  addLeaf(hash: string): void {
    this.#tree.add(Buffer.from(hash, 'hex'));
  }

  /** A record says that there is this checkpoint. */
  claim({ number, hash }: CheckpointClaim): void {
    if (number > this.count) {
      const said = this.#open.get(number) ?? hash;
      this.#open.set(number, said);
      if (said !== hash) this.#changed ??= number;
      return;
    }
    // Each is spoken of once, so what was said of it need not be kept.
    const known = this.#unclaimed.get(number);
    this.#unclaimed.delete(number);
    if (known !== undefined && known !== hash) this.#changed ??= number;
  }

  /** Holds one that has passed to what is known of it. */
  #compare(number: number, hash: string): void {
    const claimed = this.#open.get(number);
    this.#open.delete(number);
    if (claimed === undefined) this.#unclaimed.set(number, hash);
    const known = [...(claimed === undefined ? [] : [claimed]), ...(this.#anchored.get(number) ?? [])];
    if (known.some((one) => one !== hash)) this.#changed ??= number;
  }

  take(line: string): void {
    const number = this.#number++;
    if (this.#broken) return;
    const checkpoint = readCheckpoint(line);
    if (!checkpoint) return this.#report('checkpoint-changed', number, 'is not as it was written');
    const { body } = checkpoint;
    const previous = this.#last ? checkpointHash(this.#last) : NO_CHECKPOINT;
    if (body.number > number) return this.#report('checkpoint-missing', number, 'is missing');
    const key = this.#options.keys.get(body.keyId);
    if (!key)
      return this.#report('signature', number, `is signed with the key \`${body.keyId}\`, which is not trusted`);
    if (!checkSignature(checkpoint, key)) return this.#report('signature', number, 'does not bear its signature');
    if (body.number !== number || body.previous !== previous) {
      return this.#report('checkpoint-changed', number, 'does not continue the one before it');
    }
    if (body.installation !== this.#options.installation) {
      return this.#report('checkpoint-changed', number, 'belongs to another installation');
    }
    this.#checkCoverage(body);
    this.#compare(number, checkpointHash(body));
    this.#last = body;
    this.#tree = new MerkleRoot();
  }

  #checkCoverage(body: CheckpointBody): void {
    const before = new Map(this.#last?.writers.map(({ id, count }) => [id, count]));
    let whole = true;
    for (const { id, from, count, head } of body.writers) {
      const chain = this.#chainOf(id);
      const continues = from === (before.get(id) ?? 0) && count >= from;
      before.delete(id);
      // The root over records that were removed cannot be had any more; what is left of the chain can be checked.
      const gone = this.#removals.get(id)?.seq ?? 0;
      if (from < gone) whole = false;
      if (continues && count < gone) continue;
      if (chain.broken) {
        whole = false;
        continue;
      }
      const at = { writer: id, checkpoint: body.number };
      if (!continues) {
        chain.report({
          ...at,
          kind: 'checkpoint-changed',
          message: `checkpoint ${body.number} skips records`,
          seq: from + 1,
        });
      } else if (chain.head.seq === 0 && count > 0) {
        chain.report({
          ...at,
          kind: 'writer-missing',
          message: `the chain \`${id}\` is missing, with ${count} records`,
          seq: 1,
        });
      } else if (chain.head.seq < count) {
        const seq = chain.head.seq + 1;
        chain.report({
          ...at,
          kind: 'missing',
          message: `record ${seq} is missing: checkpoint ${body.number} covers ${count}`,
          seq,
        });
      } else if (chain.head.hash !== head) {
        const message = `record ${from + 1}, or one up to ${count}, was written anew: checkpoint ${body.number} says otherwise`;
        chain.report({ ...at, kind: 'rewritten', message, seq: from + 1 });
      }
      whole &&= !chain.broken;
    }
    const [dropped] = before.keys();
    if (dropped !== undefined)
      return this.#report('writer-missing', body.number, `no longer names the chain \`${dropped}\``);
    if (!whole) return;
    const root = this.#tree.root().toString('hex');
    if (this.#tree.size !== body.size || root !== body.root) {
      this.#report('checkpoint-changed', body.number, 'covers other records than those that are there');
    }
  }

  /** What can only be said when all have been seen. */
  async conclude(): Promise<void> {
    if (this.#broken) return;
    const signed = removalsIn(this.#last);
    for (const [writer, { seq, hash }] of this.#removals) {
      const said = signed.get(writer);
      if (said?.seq === seq && said.hash === hash) continue;
      const message = `the records 1 to ${seq} are missing, and no checkpoint says that they were removed`;
      this.#findings.push({ kind: 'missing', message, writer, seq: 1 });
    }
    if (this.#changed !== undefined) {
      return this.#report('checkpoint-changed', this.#changed, 'is not the one that was made');
    }
    const latest = Math.max(this.count, (await this.#options.latest?.()) ?? 0);
    for (const number of [...this.#open.keys(), ...this.#anchored.keys()]) {
      if (number > latest) return this.#report('checkpoint-missing', this.count + 1, 'is missing');
    }
  }

  /** How many checkpoints are kept in mind, for tests: not more with a longer log. */
  get inMind(): number {
    return this.#unclaimed.size + this.#open.size;
  }

  /** An anchor must not be believed blindly either: whoever can write there could cry wolf. */
  #trustedAnchors(): readonly CheckpointClaim[] {
    const { anchors = [], keys, installation } = this.#options;
    const trusted: CheckpointClaim[] = [];
    for (const anchor of anchors) {
      const { number, keyId } = anchor.body;
      const key = keys.get(keyId);
      if (anchor.body.installation === installation && key && checkSignature(anchor, key)) {
        trusted.push({ number, hash: checkpointHash(anchor.body) });
      } else {
        const message = `the anchored checkpoint ${number} does not bear the signature of a trusted key of this installation`;
        this.#findings.push({ kind: 'signature', checkpoint: number, message });
      }
    }
    return trusted;
  }

  #report(kind: Finding['kind'], checkpoint: number, what: string): void {
    this.#broken = true;
    this.#findings.push({ kind, checkpoint, message: `checkpoint ${checkpoint} ${what}` });
  }
}
