import { randomBytes } from 'node:crypto';
import { newId, type ChatelaineError, type Clock } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { vaultError } from '../errors.ts';
import { findFrontKey, insertFrontKey, retireDataKey, type StoredDataKey } from '../store/data-keys-store.ts';
import type { Keyring, WrappedKey } from '../wrappers/keyring.ts';
import { DATA_KEY_BYTES } from '../wrappers/key-wrapper.ts';
import { DataKey } from './data-key.ts';
import type { KeyCache } from './key-cache.ts';
import { wrappingContext, type Scope } from './place.ts';

/** NIST SP 800-38D §8.3: with random nonces of 96 bits, no more messages under one key. */
export const MESSAGES_PER_KEY = 2 ** 32;

export interface KeyReplaced {
  readonly keyId: string;
  readonly retired: string;
}

/** Makes, finds and opens data keys. Nothing here is called while a transaction is open: opening may ask a service. */
export class DataKeys {
  readonly #database: Database;
  readonly #keyring: Keyring;
  readonly #cache: KeyCache;
  readonly #clock: Clock;
  readonly #messagesPerKey: number;
  readonly #opening = new Map<string, Promise<DataKey>>();

  constructor(parts: {
    readonly database: Database;
    readonly keyring: Keyring;
    readonly cache: KeyCache;
    readonly clock: Clock;
    readonly messagesPerKey: number;
  }) {
    this.#database = parts.database;
    this.#keyring = parts.keyring;
    this.#cache = parts.cache;
    this.#clock = parts.clock;
    this.#messagesPerKey = parts.messagesPerKey;
  }

  get messagesPerKey(): number {
    return this.#messagesPerKey;
  }

  /**
   * The key that encrypts for the scope now, made where there is none, replaced where it has had its
   * messages. Throws `SUBJECT_ERASED`, `SUBJECT_KEY_MISSING`, and as the wrapper does.
   */
  async active(scope: Scope): Promise<DataKey> {
    for (;;) {
      const front = await findFrontKey(this.#database.db, scope);
      if (front === undefined) await this.#addKey(scope);
      else if (front.destroyedAt !== null) throw erased(scope);
      // Its making was cut short between the two files: it has sealed nothing, and is replaced.
      else if (front.wrapped === undefined && front.messages === 0) await this.#addKey(scope, front.id);
      else if (front.messages >= this.#messagesPerKey) await this.#addKey(scope, front.id);
      else return await this.open(front);
    }
  }

  /**
   * Puts a new key in the place of the active one, which stays to read with; `record` runs in the
   * transaction. Throws as `active` does.
   */
  async replaceActive(
    scope: Scope,
    record: (trx: DatabaseOrTransaction, ids: KeyReplaced) => Promise<void>,
  ): Promise<KeyReplaced> {
    for (;;) {
      const retired = (await this.active(scope)).id;
      const keyId = await this.#addKey(scope, retired, (trx, id) => record(trx, { keyId: id, retired }));
      if (keyId !== undefined) return { keyId, retired };
    }
  }

  /** After a transaction that found no message left under `key`: puts a new one in front, unless there is one. */
  async movePast(key: DataKey): Promise<void> {
    const front = await findFrontKey(this.#database.db, key.scope);
    if (front?.id === key.id && front.destroyedAt === null) await this.#addKey(key.scope, key.id);
  }

  /** The key of that row, from memory where it is; asked for many times at once, it is unwrapped once. */
  async open(stored: StoredDataKey): Promise<DataKey> {
    for (;;) {
      const key = this.cached(stored.id) ?? (await this.#unwrapOnce(stored));
      if (key.usable) return key;
    }
  }

  cached(id: string): DataKey | undefined {
    return this.#cache.get(id);
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.#cache.drop(id);
  }

  #unwrapOnce(stored: StoredDataKey): Promise<DataKey> {
    const under = this.#opening.get(stored.id);
    if (under !== undefined) return under;
    const opening = this.#unwrap(stored).finally(() => this.#opening.delete(stored.id));
    this.#opening.set(stored.id, opening);
    return opening;
  }

  async #unwrap(stored: StoredDataKey): Promise<DataKey> {
    if (stored.destroyedAt !== null) throw erased(stored.scope);
    if (stored.wrapped === undefined) throw missing(stored.scope);
    const bytes = await this.#keyring.unwrap(stored.wrapped, wrappingContext(stored.id, stored.scope));
    const key = new DataKey(stored.id, stored.scope, bytes);
    this.#cache.put(key);
    return key;
  }

  /**
   * Adds a key in front of the scope, retiring `inPlaceOf` in the same transaction. Undefined when
   * another process was faster; its key is then as good.
   */
  async #addKey(
    scope: Scope,
    inPlaceOf?: string,
    record?: (trx: DatabaseOrTransaction, id: string) => Promise<void>,
  ): Promise<string | undefined> {
    const now = this.#clock.now();
    const id = newId(now);
    const bytes = randomBytes(DATA_KEY_BYTES);
    let wrapped: WrappedKey;
    try {
      wrapped = await this.#keyring.wrap(bytes, wrappingContext(id, scope));
    } finally {
      bytes.fill(0);
    }
    return await this.#database.transaction(async (trx) => {
      if (inPlaceOf !== undefined && !(await retireDataKey(trx, inPlaceOf, now))) return undefined;
      if (!(await insertFrontKey(trx, { id, scope, wrapped, createdAt: now }))) return undefined;
      await record?.(trx, id);
      return id;
    });
  }
}

export const erased = (scope: Scope): ChatelaineError =>
  vaultError('SUBJECT_ERASED', `the key of the ${scope.kind} \`${scope.id}\` was destroyed`);

const missing = (scope: Scope): ChatelaineError =>
  vaultError('SUBJECT_KEY_MISSING', `the keyring does not have the key of the ${scope.kind} \`${scope.id}\``);
