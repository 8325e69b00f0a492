import type { Secret } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { vaultError } from '../errors.ts';
import { countMessage, findDataKey, type StoredDataKey } from '../store/data-keys-store.ts';
import type { DataKey } from './data-key.ts';
import { erased, type DataKeys } from './data-keys.ts';
import { placeName, type Place, type Scope } from './place.ts';
import { parseSealedText } from './sealed-text.ts';

/** What a transaction of `Envelope.writing` encrypts and decrypts with. */
export interface Sealing {
  /** The text for the column of that place, and the id of its key for the column beside it. */
  seal(place: Place, plaintext: Secret): Promise<{ readonly text: string; readonly keyId: string }>;
  /** The plaintext of a column. Throws as `Envelope.open` does. */
  open(place: Place, text: string): Promise<Secret>;
}

const ATTEMPTS = 8;

/** Ends a transaction that was begun with the wrong keys in hand; `prepare` sees to the next attempt. */
class WrongFooted extends Error {
  readonly prepare: () => Promise<unknown>;

  constructor(prepare: () => Promise<unknown>) {
    super('begin again');
    this.prepare = prepare;
  }
}

/** Encrypts columns and decrypts them: the service for every module that keeps something sealed. */
export class Envelope {
  readonly #database: Database;
  readonly #keys: DataKeys;

  constructor(database: Database, keys: DataKeys) {
    this.#database = database;
    this.#keys = keys;
  }

  /**
   * Runs `work` in one transaction, with the active key of the scope to encrypt with. A key that has
   * yet to be unwrapped is unwrapped between attempts, never inside: the one write lock must not wait
   * for a service. So `work` may run more than once, and does nothing but database work.
   *
   * Counting the message changes the row of the key. On PostgreSQL too, whoever encrypts therefore
   * conflicts with an erasure or a rotation, and one of them begins again and sees what the other did.
   *
   * Throws `SUBJECT_ERASED`, `VAULT_BUSY` when keys change faster than it works, and as `work` does.
   */
  async writing<Value>(
    scope: Scope,
    work: (trx: DatabaseOrTransaction, sealing: Sealing) => Promise<Value>,
  ): Promise<Value> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const active = await this.#keys.active(scope);
      try {
        return await this.#database.transaction((trx) =>
          work(trx, {
            seal: async (place, plaintext) => {
              const counted = await countMessage(trx, active.id, this.#keys.messagesPerKey);
              // Retired by another process since, out of messages, or evicted from memory.
              if (!counted) throw new WrongFooted(() => this.#keys.movePast(active));
              if (!active.usable) throw new WrongFooted(async () => {});
              return { text: active.encrypt(place, plaintext), keyId: active.id };
            },
            open: (place, text) =>
              this.#openWith(trx, place, text, async (stored) => {
                const key = this.#keys.cached(stored.id);
                if (key === undefined) throw new WrongFooted(() => this.#keys.open(stored));
                return key;
              }),
          }),
        );
      } catch (error) {
        if (!(error instanceof WrongFooted)) throw error;
        await error.prepare();
      }
    }
    throw vaultError('VAULT_BUSY', `the keys of the ${scope.kind} \`${scope.id}\` keep changing`);
  }

  /**
   * The plaintext of a column. The row of the key is read each time, so that an erasure holds at once
   * in every process, at the price of one read by primary key.
   *
   * Throws `SUBJECT_ERASED`, `SEALED_DATA_ALTERED` for a text that was not sealed for this very place,
   * and as the wrapper does.
   */
  open(place: Place, text: string): Promise<Secret> {
    return this.#openWith(this.#database.db, place, text, (stored) => this.#keys.open(stored));
  }

  async #openWith(
    db: DatabaseOrTransaction,
    place: Place,
    text: string,
    keyOf: (stored: StoredDataKey) => Promise<DataKey>,
  ): Promise<Secret> {
    const sealed = parseSealedText(text);
    if (sealed === undefined) throw altered(place);
    const stored = await findDataKey(db, sealed.keyId);
    if (stored === undefined) throw altered(place);
    if (stored.destroyedAt !== null) throw erased(stored.scope);
    let key = await keyOf(stored);
    while (!key.usable) key = await keyOf(stored);
    const plaintext = key.decrypt(place, sealed);
    if (plaintext === undefined) throw altered(place);
    return plaintext;
  }
}

const altered = (place: Place): Error =>
  vaultError('SEALED_DATA_ALTERED', `${placeName(place)} was not written there by this vault`);
