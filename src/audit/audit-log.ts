import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { AuditEvent, AuditPosition, AuditRecord, AuditStatus, AuditTrail } from '#contract';
import { AuditReading, type ReadingOptions } from './audit-reading.ts';
import { checkpointHash, type SignedCheckpoint } from './checkpoint/checkpoint.ts';
import { CheckpointTurns, type CheckpointRhythm } from './checkpoint/checkpoint-turns.ts';
import { makeCheckpoint } from './checkpoint/make-checkpoint.ts';
import {
  COMMIT_LIMITS,
  GroupCommit,
  unavailable,
  type CommitCounts,
  type CommitLimits,
} from './commit/group-commit.ts';
import { auditError } from './errors.ts';
import { damagedCheckpoints, KnownDamage } from './known-damage.ts';
import { makeReceipt } from './receipt/make-receipt.ts';
import type { Receipt } from './receipt/receipt.ts';
import type { EvidenceManifest } from './report/evidence.ts';
import type { EvidenceOptions } from './report/write-evidence.ts';
import type { KeyedDigest } from './record/digest.ts';
import {
  CHECKPOINT_TYPE,
  DAMAGED_TYPE,
  OWN_TYPES,
  RESUMED_TYPE,
  RETAINED_TYPE,
  TAIL_CUT_TYPE,
} from './record/own-types.ts';
import { RecordMaker } from './record/record-maker.ts';
import { findRemovals, finishRemovals, signedRemovals, type Removals } from './retention/removals.ts';
import type { StoreNotice, WriterLog } from './store/store.ts';

export interface AuditLogOptions extends ReadingOptions {
  readonly digest: KeyedDigest;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkpoints?: CheckpointRhythm;
  readonly limits?: CommitLimits;
  /** Milliseconds between attempts to write again after a failure. */
  readonly retryMs?: number;
}

const RETRY_MS = 500;

interface Open {
  readonly log: WriterLog;
  readonly commit: GroupCommit;
  /** Records of the chain that the counts of `commit` know nothing of. */
  uncounted: number;
}

interface Outage {
  readonly since: number;
  readonly cause: unknown;
  refused: number;
  /** Of the refused, those that turned out to be on record. */
  kept: number;
  /** Found on the way back, and not on record yet. */
  readonly notices: StoreNotice[];
}

/**
 * The audit log of one process: one chain of its own in the store, checkpoints in their rhythm, and
 * the way back after a failure, which needs no restart and is itself on record.
 */
export class AuditLog extends AuditReading implements AuditTrail {
  readonly #options: AuditLogOptions;
  readonly #maker: RecordMaker;
  readonly #checkpoints: CheckpointTurns;
  #open: Open | undefined;
  /** What was written to chains that this process had to leave. */
  #before: CommitCounts = { records: 0, batches: 0 };
  #outage: Outage | undefined;
  /** Chains of ours that were found damaged: this process begins others. */
  readonly #left = new Set<string>();
  readonly #damage = new KnownDamage();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: AuditLogOptions) {
    super(options);
    this.#options = options;
    this.#maker = new RecordMaker(options);
    this.#checkpoints = new CheckpointTurns({
      rhythm: options.checkpoints,
      make: () => this.#makeCheckpoint(),
      written: () => this.counts.records,
      isBusy: () => this.#open?.commit.isBusy === true,
      onFailure: (error) => options.logger.error({ err: error }, 'audit: no checkpoint could be made'),
    });
  }

  /**
   * Opens the log. When the store cannot be written the log is open all the same, refuses every
   * record, answers questions, and goes on trying.
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const log = new AuditLog(options);
    try {
      await log.#openWriter();
    } catch (cause) {
      log.#fail(cause, 0);
    }
    return log;
  }

  get status(): AuditStatus {
    const outage = this.#outage;
    const damage = this.#damage.messages;
    return {
      ...(outage === undefined
        ? { available: true }
        : { available: false, since: outage.since, reason: unavailable(outage.cause).message }),
      ...(damage.length > 0 && { damage }),
    };
  }

  get counts(): CommitCounts {
    const { records, batches } = this.#open?.commit.counts ?? { records: 0, batches: 0 };
    return { records: this.#before.records + records, batches: this.#before.batches + batches };
  }

  /**
   * Resolves when the record is on stable storage. Rejects with `AUDIT_UNAVAILABLE`,
   * `AUDIT_OVERLOADED` or, for an event that is none, `AUDIT_RECORD_INVALID`.
   */
  append(event: AuditEvent): Promise<AuditPosition> {
    if (OWN_TYPES.has(event.type)) {
      return Promise.reject(
        auditError('AUDIT_RECORD_INVALID', `only the log itself writes records of \`${event.type}\``),
      );
    }
    if (this.#outage) {
      this.#outage.refused++;
      return Promise.reject(unavailable(this.#outage.cause));
    }
    const written = this.#write(event);
    this.#checkpoints.wrote();
    return written;
  }

  digest(value: unknown): string {
    return this.#options.digest.of(value);
  }

  /**
   * The receipt of a record, after a checkpoint where none covers it yet. Throws
   * `AUDIT_RECORD_UNKNOWN`, and `AUDIT_UNAVAILABLE` when no checkpoint can be made now.
   */
  async receipt(id: string): Promise<Receipt> {
    const record = await this.find(id);
    const receipt = (await makeReceipt(this.#options.store, record)) ?? (await this.#receiptAfterCheckpoint(record));
    if (!receipt) throw auditError('AUDIT_UNAVAILABLE', 'the record is not covered by a checkpoint yet');
    return receipt;
  }

  async #receiptAfterCheckpoint(record: AuditRecord): Promise<Receipt | undefined> {
    await this.checkpoint();
    return makeReceipt(this.#options.store, record);
  }

  /**
   * Writes the evidence of what the filter finds into a folder, which must not exist: records, proofs and
   * checkpoints under a signed manifest. Throws as `writeEvidence` does.
   */
  async evidence(asked: Pick<EvidenceOptions, 'filter' | 'directory' | 'opened'>): Promise<EvidenceManifest> {
    const { store, signingKey, clock } = this.#options;
    const { writeEvidence } = await import('./report/write-evidence.ts');
    return await writeEvidence({ log: this, store, signingKey, clock, ...asked });
  }

  /** Makes a checkpoint now; undefined when there is nothing new, or another process makes one. */
  checkpoint(): Promise<SignedCheckpoint | undefined> {
    return this.#checkpoints.now();
  }

  /**
   * Removes what is older than `keepMs`, is signed for, and has reached all of these exports; gives how
   * many records went. First a checkpoint says what goes, so that a chain that begins later can be
   * told from one that somebody has shortened. Rejects where the storage does not let it.
   */
  async retain(keepMs: number, exports: readonly string[]): Promise<number> {
    const { store, clock } = this.#options;
    await finishRemovals(store);
    await this.checkpoint();
    const before = clock.now() - keepMs;
    const removals = await findRemovals(store, before, exports);
    if (removals.size === 0 || this.#outage) return 0;
    // Nothing is signed for that the storage would then refuse.
    for (const id of removals.keys()) await store.remove(id, 0);
    const signed = await signedRemovals(store);
    const removed = [...removals].reduce((sum, [id, { seq }]) => sum + seq - (signed.get(id)?.seq ?? 0), 0);
    if (!(await this.#makeCheckpoint(removals))) return 0;
    await this.#writeOwn(RETAINED_TYPE, 'success', { removed, before: new Date(before).toISOString() });
    await finishRemovals(store);
    return removed;
  }

  /** Refuses what comes, writes what waits, and signs for it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#checkpoints.stop();
    await this.#open?.commit.idle();
    await this.#checkpoints.last(() => !this.#outage);
    await this.#open?.commit.close();
    await this.#options.store.close();
  }

  async #write(event: AuditEvent): Promise<AuditPosition> {
    const open = this.#open as Open;
    const made = this.#maker.make(event, open.log.id);
    // Without a turn between where that can be: the order of calls is the order in the chain.
    if (!(made instanceof Promise)) return await open.commit.append(made);
    const record = await made;
    // While a key was fetched the log may have failed, or gone on in another chain.
    if (this.#outage || this.#open !== open) throw unavailable(this.#outage?.cause);
    return await open.commit.append(record);
  }

  async #openWriter(): Promise<void> {
    const { store, limits = COMMIT_LIMITS } = this.#options;
    const { log, notices } = await store.openWriter(this.#left);
    const commit = new GroupCommit(log, (cause, refused) => this.#fail(cause, refused), limits);
    this.#open = { log, commit, uncounted: log.head.seq };
    // What a process that was killed has left uncovered is covered soon, also when nothing happens.
    if (log.head.seq > 0) this.#checkpoints.arm();
    for (const notice of notices) await this.#report(notice);
  }

  /** What was found while opening is neither silent nor only in a log file. */
  async #report(notice: StoreNotice): Promise<void> {
    if (notice.kind === 'damaged') {
      this.#damage.metOpening(notice.writer, notice.message);
      await this.#reportDamage(notice.writer, notice.message);
    } else {
      const { writer, seq, bytes, sha256 } = notice;
      this.#options.logger.warn(
        { writer, seq, bytes },
        'audit: cut off an unacknowledged piece that a crash left behind',
      );
      await this.#writeOwn(TAIL_CUT_TYPE, 'success', { writer, seq, bytes, sha256 });
    }
  }

  #reportDamage(writer: string, message: string): Promise<void> {
    return this.#damage.report(writer, message, async (found) => {
      this.#options.logger.error(found, `audit: ${message}; run \`chatelaine audit verify\``);
      await this.#writeOwn(DAMAGED_TYPE, 'failure', found);
    });
  }

  #writeOwn(
    type: string,
    outcome: AuditEvent['outcome'],
    details: NonNullable<AuditEvent['details']>,
  ): Promise<AuditPosition> {
    return this.#write({
      class: 'audit',
      type,
      door: 'system',
      actor: { kind: 'system', iss: 'chatelaine', sub: 'audit', name: 'audit log' },
      action: type.slice('audit.'.length),
      outcome,
      details,
    });
  }

  #fail(cause: unknown, refused: number): void {
    // During an outage the log's own attempts alone come here.
    if (this.#outage) return;
    this.#outage = { since: this.#options.clock.now(), cause, refused, kept: 0, notices: [] };
    this.#options.logger.error(
      { err: cause },
      'audit: cannot be written; everything that must be on record is refused',
    );
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => void this.#resume(), this.#options.retryMs ?? RETRY_MS);
    this.#retry.unref();
  }

  /** The first record after an outage says how long it was and how much was refused. */
  async #resume(): Promise<void> {
    if (this.#closed) return;
    const outage = this.#outage as Outage;
    const downMs = Math.max(0, this.#options.clock.now() - outage.since);
    const { refused } = outage;
    try {
      const kept = await this.#settle(outage);
      const reason = (outage.cause as NodeJS.ErrnoException).code ?? 'unknown';
      await this.#writeOwn(RESUMED_TYPE, 'success', { downMs, refused, reason, ...(kept > 0 && { kept }) });
    } catch {
      this.#retryLater();
      return;
    }
    this.#outage = undefined;
    this.#options.logger.info({ downMs, refused }, 'audit: can be written again');
  }

  /** Has a chain to go on with; gives how many refused records are on record all the same. */
  async #settle(outage: Outage): Promise<number> {
    const open = this.#open;
    if (open) {
      if (!this.#left.has(open.log.id)) {
        const { kept, goOn, notice } = await open.log.settle();
        outage.kept += kept;
        open.uncounted += kept;
        if (notice) {
          outage.notices.push(notice);
          this.#left.add(open.log.id);
        }
        if (goOn) return outage.kept;
      }
      await open.commit.close();
      await open.log.close();
      const { records, batches } = this.counts;
      this.#before = { records, batches };
      this.#open = undefined;
    }
    await this.#openWriter();
    for (const notice of outage.notices.splice(0)) await this.#report(notice);
    return outage.kept;
  }

  async #makeCheckpoint(removals?: Removals): Promise<SignedCheckpoint | undefined> {
    const { store, signingKey, clock } = this.#options;
    const turn = await makeCheckpoint(store, signingKey, clock, removals).catch(async (error: unknown) => {
      if (error instanceof ChatelaineError && error.code === 'AUDIT_DAMAGED') {
        await this.#meetDamage(damagedCheckpoints(error.message));
      }
      throw error;
    });
    if (!turn) return undefined;
    await this.#meetDamage(turn.damage);
    const { checkpoint } = turn;
    if (!checkpoint) return undefined;
    this.#checkpoints.covered = this.#before.records + this.#coveredOfOurs(checkpoint);
    if (this.#outage) return checkpoint;
    // So that the last checkpoint cannot be removed without a trace either.
    const { number } = checkpoint.body;
    await this.#writeOwn(CHECKPOINT_TYPE, 'success', { number, hash: checkpointHash(checkpoint.body) });
    this.#checkpoints.covered++;
    return checkpoint;
  }

  /** By what it says, not by what was written when it was begun: it may cover more. */
  #coveredOfOurs({ body }: SignedCheckpoint): number {
    const open = this.#open;
    const ours = body.writers.find(({ id }) => id === open?.log.id);
    return open && ours ? Math.max(0, ours.count - open.uncounted) : 0;
  }

  /** What a checkpoint cannot cover is neither silent nor the end of what can be covered. */
  async #meetDamage(damage: ReadonlyMap<string, string>): Promise<void> {
    this.#damage.metSigning(damage);
    const own = this.#open?.log.id;
    if (own !== undefined && damage.has(own) && !this.#outage) await this.#leave(own);
    if (this.#outage) return;
    for (const [writer, message] of damage) await this.#reportDamage(writer, message);
  }

  /** Nothing that follows a damaged record can be vouched for: what comes belongs into another chain. */
  async #leave(writer: string): Promise<void> {
    this.#left.add(writer);
    this.#fail(auditError('AUDIT_DAMAGED', `the chain \`${writer}\` is damaged`), 0);
    clearTimeout(this.#retry);
    await this.#resume();
  }
}
