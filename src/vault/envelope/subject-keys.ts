import type { OpenedFields, SealedFields, SubjectSealer } from '#audit';
import { BoundedCache, ChatelaineError } from '#kernel';
import type { Database } from '#db';
import { findDataKey } from '../store/data-keys-store.ts';
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
    const text = decryptDerived(await this.#keys.open(stored), subject, place, parsed);
    return text === undefined ? 'altered' : { text };
  }

  async #sealLater(subject: string, place: string, text: string): Promise<SealedFields> {
    try {
      for (;;) {
        const key = await this.#fetchOnce(subject);
        if (key.usable) return { sealed: key.encrypt(subject, place, text) };
      }
    } catch (error) {
      if (error instanceof ChatelaineError && error.code === 'SUBJECT_ERASED') return 'erased';
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

  async #fetch(subject: string): Promise<DerivedKey> {
    const key = new DerivedKey(await this.#keys.active(subjectScope(subject)));
    this.#ready.set(subject, key);
    return key;
  }
}
