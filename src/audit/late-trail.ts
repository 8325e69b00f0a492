import type { AuditEvent, AuditPosition, AuditStatus, AuditTrail } from '#contract';
import type { AuditLog } from './audit-log.ts';

/**
 * An audit log that is opened by the first thing it records: for commands, most of which change nothing
 * and should neither take a chain nor make a folder.
 */
export class LateTrail implements AuditTrail {
  readonly #open: () => Promise<AuditLog>;
  #log: Promise<AuditLog> | undefined;

  constructor(open: () => Promise<AuditLog>) {
    this.#open = open;
  }

  /** What will be is not known before the first record. */
  get status(): AuditStatus {
    return { available: true };
  }

  async append(event: AuditEvent): Promise<AuditPosition> {
    this.#log ??= this.#open().catch((error: unknown) => {
      // The next thing to record tries again.
      this.#log = undefined;
      throw error;
    });
    return (await this.#log).append(event);
  }

  /** Keyed digests need the log's key, which is read when it is opened. */
  digest(): never {
    throw new TypeError('a trail that opens late digests nothing; open the audit log instead');
  }

  /** Closes the log, where there was something to record. */
  async close(): Promise<void> {
    await (await this.#log)?.close();
  }
}
