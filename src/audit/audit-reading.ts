import type { AuditRecord } from '#contract';
import { readCheckpoint, type SignedCheckpoint } from './checkpoint/checkpoint.ts';
import { exportPublicKey, type SigningKey, type TrustedKeys } from './checkpoint/signing-key.ts';
import { auditError } from './errors.ts';
import { openPersonal } from './people/personal.ts';
import type { SubjectSealer } from './people/subject-sealer.ts';
import { auditFilter, type AuditFilter } from './store/query.ts';
import type { AuditStore, Page, PageRequest } from './store/store.ts';
import { logStream, type LogItem } from './verify/log-stream.ts';
import { paced } from './verify/paced.ts';
import { verifyLog, type VerifyReport } from './verify/verify.ts';

export interface ReadingOptions {
  readonly store: AuditStore;
  readonly signingKey: SigningKey;
  /** What checkpoints may be signed with: that key, and those from before a restore; by default that key alone. */
  readonly trustedKeys?: TrustedKeys;
  /** Without one, what is personal is left out of the record. */
  readonly sealer?: SubjectSealer;
}

/** What can be asked of a log. Goes on while it cannot be written. */
export class AuditReading {
  readonly #options: ReadingOptions;
  #verifying: Promise<VerifyReport> | undefined;

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Newest first. Throws `AUDIT_QUERY_INVALID` for a filter or a cursor that cannot be. */
  async query(filter: AuditFilter, page: PageRequest): Promise<Page> {
    const checked = auditFilter.safeParse(filter);
    if (!checked.success) {
      const where = checked.error.issues[0]?.path.join('.') ?? '';
      throw auditError(
        'AUDIT_QUERY_INVALID',
        `the filter \`${where}\` ${checked.error.issues[0]?.message ?? 'is wrong'}`,
      );
    }
    return this.#options.store.query(checked.data, page);
  }

  /**
   * The record with its personal fields, for those who may know; what cannot be opened is marked in
   * `sealed`, and what is of others than the subjects of `only`. Rejects when the keys cannot be reached.
   */
  opened(record: AuditRecord, only?: ReadonlySet<string>): Promise<AuditRecord> {
    return openPersonal(record, this.#options.sealer, only);
  }

  /** The record with the id. Throws `AUDIT_RECORD_UNKNOWN`. */
  async find(id: string): Promise<AuditRecord> {
    const [record] = (await this.query({ id }, { limit: 1 })).records;
    if (!record) throw auditError('AUDIT_RECORD_UNKNOWN', `there is no audit record \`${id}\``);
    return record;
  }

  /** The public half of the key that signs checkpoints: its id, and SPKI PEM. */
  get publicKey(): { readonly id: string; readonly pem: string } {
    const { signingKey } = this.#options;
    return { id: signingKey.id, pem: exportPublicKey(signingKey) };
  }

  /** Where it lies, for those who carry it elsewhere: this process alone knows what of its chain is durable. */
  get store(): AuditStore {
    return this.#options.store;
  }

  get installation(): string {
    return this.#options.store.installation;
  }

  /** Checkpoints after that number, oldest first, at most `limit`. One that cannot be read is left out. */
  async checkpoints(after: number, limit: number): Promise<readonly SignedCheckpoint[]> {
    const found: SignedCheckpoint[] = [];
    for await (const line of this.#options.store.checkpoints(after)) {
      const checkpoint = readCheckpoint(line);
      if (checkpoint !== undefined && checkpoint.body.number > after) found.push(checkpoint);
      if (found.length === limit) break;
    }
    return found;
  }

  /** The whole log as it lies, for exports and verifiers. */
  stream(): AsyncIterable<readonly LogItem[]> {
    return logStream(this.#options.store);
  }

  /**
   * Holds the log to its word with its own keys; a verifier who trusts nobody here brings another. One run at a
   * time, whose answer all share who ask meanwhile, or a few of them would keep a server from its work; and
   * in pieces that leave everybody else their turn.
   */
  verify(): Promise<VerifyReport> {
    const { signingKey, trustedKeys } = this.#options;
    this.#verifying ??= verifyLog(paced(this.stream()), {
      installation: this.installation,
      keys: trustedKeys ?? new Map([[signingKey.id, signingKey.publicKey]]),
      latest: () => this.latestCheckpoint(),
    }).finally(() => {
      this.#verifying = undefined;
    });
    return this.#verifying;
  }

  /** The number of the last checkpoint, 0 before the first. */
  async latestCheckpoint(): Promise<number> {
    const line = await this.#options.store.lastCheckpoint();
    return (line === undefined ? undefined : readCheckpoint(line)?.body.number) ?? 0;
  }
}
