import type { Clock, Logger } from '#kernel';
import type { SubjectSealer } from '#audit';
import type { RevocationLedger } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { RecordChange } from './changes.ts';
import { DataKeys, MESSAGES_PER_KEY } from './envelope/data-keys.ts';
import { Envelope } from './envelope/envelope.ts';
import { eraseSubject, subjectScope } from './envelope/erase-subject.ts';
import { KeyCache, type KeyCacheLimits } from './envelope/key-cache.ts';
import { wrappingContext, type Scope } from './envelope/place.ts';
import { SubjectKeys } from './envelope/subject-keys.ts';
import { vaultError } from './errors.ts';
import { rewrapDataKeys } from './rotation/rewrap.ts';
import { resealWithActiveKey, rotateDataKey, type RotationParts } from './rotation/rotate-data-key.ts';
import type { SealedColumn } from './rotation/sealed-column.ts';
import { GenerationWatch } from './secrets/generation-watch.ts';
import { VaultSecretReader, type MayUse, type SecretReader } from './secrets/secret-reader.ts';
import { SecretService } from './secrets/secret-service.ts';
import { countWrapperUses, findKeyOfWrapper, type WrapperUse } from './store/data-keys-store.ts';
import { settleKeyring } from './store/settle-keyring.ts';
import { secretColumns } from './store/secrets-store.ts';
import { HostWrapper } from './wrappers/host-wrapper.ts';
import { Keyring } from './wrappers/keyring.ts';
import { openWrapper, type WrapperSettings } from './wrappers/open-wrapper.ts';

const CACHED_KEYS: KeyCacheLimits = { keys: 1000, lifetimeMs: 5 * 60_000 };

export interface VaultOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Wraps what is new. */
  readonly wrapper: WrapperSettings;
  /** Still open what they wrapped, until `rewrap` has finished. */
  readonly previousWrappers?: readonly WrapperSettings[];
  /** Whether other hosts open this database too, each with the wrapping key that it has: it must be one. */
  readonly severalHosts?: boolean;
  readonly mayUse: MayUse;
  /** Hears of every end before it holds, so that no restore undoes it. */
  readonly ledger: RevocationLedger;
  /** Sealed columns of other modules. */
  readonly columns?: readonly SealedColumn[];
  readonly cachedKeys?: KeyCacheLimits;
  /** Fewer messages per data key than the bound allows. */
  readonly messagesPerKey?: number;
}

export interface Vault {
  readonly secrets: SecretService;
  readonly reader: SecretReader;
  /** For modules that keep something sealed of their own. */
  readonly envelope: Envelope;
  /** For what is personal in the audit log. */
  readonly subjectSealer: SubjectSealer;
  /** Gives the scope a new data key and seals again what the older ones sealed; gives how many texts. */
  rotate(scope: Scope, record: RecordChange): Promise<number>;
  /** Finishes a rotation that was cut short; gives how many texts were left. */
  finishRotation(scope: Scope): Promise<number>;
  /** Brings every data key under the current wrapping key, in its current version; gives how many moved. */
  rewrap(): Promise<number>;
  /** How many data keys each wrapping key holds: one that holds none may be thrown away. */
  wrapperUses(): Promise<readonly WrapperUse[]>;
  /**
   * Destroys the keys of a subject for good; gives when that was. `alongside` does in the same transaction
   * what goes with it, and when it throws, nothing is erased.
   */
  eraseSubject(
    subject: string,
    record: RecordChange,
    alongside?: (trx: DatabaseOrTransaction) => Promise<void>,
  ): Promise<number>;
  /** Zeroes the keys in memory. */
  close(): void;
}

/**
 * Opens the vault over the open database. Nothing is written before every wrapping key that data keys
 * name has opened one of them: with the wrong key, new data would end up under a key that the old
 * data does not have.
 *
 * Throws `KEY_OF_ANOTHER_HOST`, `KEY_WRAPPER_MISSING`, `KEY_UNWRAP_FAILED`, `KEY_WRAPPER_UNAVAILABLE`, `KEY_FILE_MISSING`,
 * `KEY_FILE_UNSAFE`, `KEY_WEAK`.
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { database, clock, log, ledger } = options;
  if ((await database.transaction((trx) => settleKeyring(trx, clock.now()))) > 0) await database.purgeDeleted();
  const uses = await countWrapperUses(database.db);
  const previous = (options.previousWrappers ?? []).map((settings) => openWrapper(settings, false, clock));
  // A new key file is made where nothing needs an old one, or all of it is opened by the previous ones:
  // never in the place of one that is lost.
  const create = uses.every((use) => previous.some(({ id }) => id === use.wrapper));
  const hosts = options.severalHosts === true ? new HostWrapper(database.db, options.wrapper) : undefined;
  await hosts?.checkBeforeMaking(previous);
  const keyring = new Keyring(openWrapper(options.wrapper, create, clock), previous);
  await hosts?.check(keyring);
  await tryWrappers(database, keyring, uses);
  await hosts?.claim(keyring, clock.now());
  const cache = new KeyCache(clock, options.cachedKeys ?? CACHED_KEYS);
  const messagesPerKey = Math.min(options.messagesPerKey ?? MESSAGES_PER_KEY, MESSAGES_PER_KEY);
  const keys = new DataKeys({ database, keyring, cache, clock, messagesPerKey });
  const envelope = new Envelope(database, keys);
  const watch = new GenerationWatch();
  const columns = [...secretColumns, ...(options.columns ?? [])];
  const rotation: RotationParts = { database, clock, keys, envelope, columns };
  return {
    secrets: new SecretService({ database, clock, envelope, watch, ledger }),
    reader: new VaultSecretReader({ database, clock, envelope, watch, mayUse: options.mayUse }),
    envelope,
    subjectSealer: new SubjectKeys(database, keys),
    rotate: (scope, record) => rotateDataKey(rotation, scope, record),
    finishRotation: (scope) => resealWithActiveKey(rotation, scope),
    rewrap: () => rewrapDataKeys({ database, clock, keyring }),
    wrapperUses: () => countWrapperUses(database.db),
    eraseSubject: async (subject, record, alongside) => {
      const erasedAt = await eraseSubject({ database, clock, keys, ledger }, subject, record, alongside);
      if (!(await database.purgeDeleted())) {
        log.info('the database has yet to clear the wrapped key of an erased subject out of its files');
      }
      return erasedAt;
    },
    close: () => cache.clear(),
  };
}

/** The scope of a namespace's secrets. */
export const namespaceScope = (namespace: string): Scope => ({ kind: 'namespace', id: namespace });
export { subjectScope };

async function tryWrappers(database: Database, keyring: Keyring, uses: readonly WrapperUse[]): Promise<void> {
  for (const { wrapper, keys } of uses) {
    if (keyring.has(wrapper)) continue;
    const current = `the one configured is \`${keyring.currentId}\``;
    throw vaultError('KEY_WRAPPER_MISSING', `${keys} data keys are wrapped by \`${wrapper}\`; ${current}`);
  }
  for (const { wrapper, version } of uses) {
    const sample = await findKeyOfWrapper(database.db, wrapper, version);
    if (sample?.wrapped === undefined) continue;
    (await keyring.unwrap(sample.wrapped, wrappingContext(sample.id, sample.scope))).fill(0);
  }
}
