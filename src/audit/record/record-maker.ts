import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { AuditEvent } from '#contract';
import { auditError } from '../errors.ts';
import { sealPersonal, splitPersonal, type SplitRecord } from '../people/personal.ts';
import type { SubjectSealer } from '../people/subject-sealer.ts';
import { buildRecord, type UnplacedRecord } from './build-record.ts';
import type { KeyedDigest } from './digest.ts';
import { encodeRecord, type EncodedRecord } from './encode-record.ts';
import { RecordIds } from './record-ids.ts';

export interface RecordMakerOptions {
  readonly digest: KeyedDigest;
  readonly sealer?: SubjectSealer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** From an event to the record as it is stored: bounded, what is personal sealed, encoded. */
export class RecordMaker {
  readonly #options: RecordMakerOptions;
  readonly #ids = new RecordIds();
  #timestamp = { ms: Number.NaN, text: '' };

  constructor(options: RecordMakerOptions) {
    this.#options = options;
  }

  /**
   * The record for the chain of `writer`. A promise only where the key of a person has to be fetched.
   * Throws or rejects with `AUDIT_RECORD_INVALID`, and with `AUDIT_UNAVAILABLE` when that key cannot be
   * had: a record about a person is sealed or it is not made.
   */
  make(event: AuditEvent, writer: string): EncodedRecord | Promise<EncodedRecord> {
    const { clock, digest } = this.#options;
    const now = clock.now();
    try {
      const built = buildRecord(event, { id: this.#ids.next(now), writer, time: this.#time(now) });
      const sealed = this.#seal(
        event.type,
        splitPersonal(built, (value) => digest.of(value)),
      );
      return sealed instanceof Promise ? sealed.then(encodeRecord) : encodeRecord(sealed);
    } catch (cause) {
      if (cause instanceof ChatelaineError) throw cause;
      const what = `the event \`${event.type}\` cannot be written down: ${(cause as Error).message}`;
      throw auditError('AUDIT_RECORD_INVALID', what, { cause });
    }
  }

  #seal(type: string, split: SplitRecord): UnplacedRecord | Promise<UnplacedRecord> {
    const { sealer, logger } = this.#options;
    const refuse = (cause: unknown): never => {
      const code = cause instanceof ChatelaineError ? cause.code : 'the keys refused';
      logger.error({ err: cause, type }, 'audit: what is personal cannot be sealed');
      const what = `a record cannot be sealed under the key of its person (${code})`;
      throw auditError('AUDIT_UNAVAILABLE', what, { cause });
    };
    try {
      const sealed = sealPersonal(split, sealer);
      return sealed instanceof Promise ? sealed.catch(refuse) : sealed;
    } catch (cause) {
      return refuse(cause);
    }
  }

  /** Many records share a millisecond. */
  #time(ms: number): string {
    if (this.#timestamp.ms !== ms) this.#timestamp = { ms, text: new Date(ms).toISOString() };
    return this.#timestamp.text;
  }
}
