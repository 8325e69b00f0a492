import type { OpenedFields, SealedFields, SubjectSealer } from '#audit';
import { BoundedCache, ChatelaineError } from '#kernel';
import type { Database } from '#db';
import { countMessage, findDataKey } from '../store/data-keys-store.ts';
import type { DataKeys } from './data-keys.ts';
import { decryptDerived, DerivedKey, parseDerivedText } from './derived-key.ts';
import { subjectScope } from './erase-subject.ts';

/** As many as there are data keys in memory: without its data key a derived one is of no use. */
const CACHED = 1000;

/**
 * What is personal in the audit log, sealed under the keys of its people: crypto-shredding reaches
 * the log without changing it. A key that is at hand seals without a look at the database, so another
 * process may go on sealing for a subject that was just erased, for as long as keys live in memory;
 * nobody can read it, because opening looks at the row of the key each time.
 */
export class SubjectKeys implements SubjectSealer {
  readonly #database: Database;
  readonly #keys: DataKeys;
  readonly #ready = new BoundedCache<string, DerivedKey>(CACHED);
  readonly #coming = new Map<string, Promise<DerivedKey>>();

  constructor(database: Database, keys: DataKeys) {
    this.#database = database;
    this.#keys = keys;
  }

  seal(subject: string, place: string, text: string): SealedFields | Promise<SealedFields> {
    const key = this.#ready.get(subject);
    return key?.usable === true ? { sealed: key.encrypt(subject, place, text) } : this.#sealLater(subject, place, text);
  }

  async open(subject: string, place: string, sealed: string): Promise<OpenedFields> {
    const parsed = parseDerivedText(sealed);
    const stored = parsed && (await findDataKey(this.#database.db, parsed.keyId));
    if (parsed === undefined || stored === undefined) return 'altered';
    if (stored.scope.kind !== 'subject' || stored.scope.id !== subject) return 'altered';
    if (stored.destroyedAt !== null) return 'erased';
    try {
      const text = decryptDerived(await this.#keys.open(stored), subject, place, parsed);
      return text === undefined ? 'altered' : { text };
    } catch (error) {
      if (isRefusal(error, 'SUBJECT_KEY_MISSING')) return 'missing';
      throw error;
    }
  }

  async #sealLater(subject: string, place: string, text: string): Promise<SealedFields> {
    try {
      for (;;) {
        const key = await this.#fetchOnce(subject);
        if (key.usable) return { sealed: key.encrypt(subject, place, text) };
      }
    } catch (error) {
      if (isRefusal(error, 'SUBJECT_ERASED')) return 'erased';
      throw error;
    }
  }

  #fetchOnce(subject: string): Promise<DerivedKey> {
    const under = this.#coming.get(subject);
    if (under !== undefined) return under;
    const coming = this.#fetch(subject).finally(() => this.#coming.delete(subject));
    this.#coming.set(subject, coming);
    return coming;
  }

  /**
   * A derived key is counted as one message of its data key, before it seals anything: a data key without a
   * message is one that was never used, and would be replaced where the keyring lacks it.
   */
  async #fetch(subject: string): Promise<DerivedKey> {
    for (;;) {
      const dataKey = await this.#keys.active(subjectScope(subject));
      const counted = await this.#database.transaction((trx) =>
        countMessage(trx, dataKey.id, this.#keys.messagesPerKey),
      );
      // Retired by another process since, or out of messages.
      if (!counted) await this.#keys.movePast(dataKey);
      if (!counted || !dataKey.usable) continue;
      const key = new DerivedKey(dataKey);
      this.#ready.set(subject, key);
      return key;
    }
  }
}

const isRefusal = (error: unknown, code: string): boolean => error instanceof ChatelaineError && error.code === code;
