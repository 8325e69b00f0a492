import { ChatelaineError, formatDuration, newId, type Clock } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { RecordChange } from '../changes.ts';
import type { Envelope, Sealing } from '../envelope/envelope.ts';
import { vaultError } from '../errors.ts';
import {
  listSecrets,
  listSecretsWithEndedVersions,
  loadSecret,
  shredVersions,
  updateSecret,
  type StoredSecret,
} from '../store/secrets-store.ts';
import { changedMeanwhile, commitStep, type Outcome } from './commit-step.ts';
import type { GenerationWatch, Look } from './generation-watch.ts';
import { loadChecked, type CheckedSecret } from './load-checked.ts';
import { valuePlace } from './manifest.ts';
import { ownExpiry, serializeMaterial, type SecretMaterial } from './material.ts';
import {
  checkDescription,
  checkSecretName,
  factsOf,
  nameOf,
  quote,
  type SecretFacts,
  type SecretName,
} from './secret-facts.ts';

const LONGEST_OVERLAP_MS = 90 * 86_400_000;
const PAGE = 100;
const LONGEST_PAGE = 1000;

export interface PutSecret extends SecretName {
  readonly material: SecretMaterial;
  /** Stays as it is when left out. */
  readonly description?: string | undefined;
  /** Milliseconds since the epoch; no end when left out. A certificate ends with its own validity at the latest. */
  readonly expiresAt?: number | undefined;
  readonly check?: CheckSecret | undefined;
}

/**
 * Looks at what is about to be changed, undefined where there is nothing, in the transaction of the
 * change; when it throws, nothing changes. For callers who mean a secret in a certain state.
 */
export type CheckSecret = (current: SecretFacts | undefined) => void;

/** What a change encrypts and decrypts with, and what was known of secrets when it began. */
type LookingSealing = Sealing & { readonly look: Look };

/** Hears of a secret whose ended versions could not be shredded. */
export type ShreddingFailed = (name: SecretName, error: unknown) => Promise<void>;

/** Puts, lists, rotates, disables and deletes secrets. It gives names, times and numbers: no method gives a value. */
export class SecretService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #envelope: Envelope;
  readonly #watch: GenerationWatch;
  readonly #ledger: RevocationLedger;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly envelope: Envelope;
    readonly watch: GenerationWatch;
    readonly ledger: RevocationLedger;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#envelope = parts.envelope;
    this.#watch = parts.watch;
    this.#ledger = parts.ledger;
  }

  /**
   * Makes the secret, or puts a new version in the place of the others, which end at once; durable when
   * it returns.
   *
   * Throws `SECRET_NAME_REFUSED`, `SECRET_LIFETIME_REFUSED`, `SECRET_KIND_DIFFERS`, `SECRET_DISABLED`,
   * `VAULT_BUSY`, and as the wrapper and `record` do.
   */
  async put(request: PutSecret, record: RecordChange): Promise<SecretFacts> {
    checkSecretName(request);
    return await this.#writing(request, async (trx, sealing) => {
      const current = await this.#load(trx, sealing, request);
      request.check?.(current && factsOf(current.loaded));
      return await this.#addVersion(trx, sealing, { ...request, overlapMs: 0 }, current, record);
    });
  }

  /**
   * Puts a new version in front of a secret that there is; the ones before stay readable by their
   * numbers for the overlap, in milliseconds. Throws as `put` does, `SECRET_UNKNOWN`, and
   * `SECRET_VERSIONS_EXHAUSTED` when too many overlap.
   */
  async rotate(request: PutSecret & { readonly overlapMs: number }, record: RecordChange): Promise<SecretFacts> {
    return await this.#writing(request, async (trx, sealing) => {
      const current = await this.#mustLoad(trx, sealing, request);
      request.check?.(factsOf(current.loaded));
      return await this.#addVersion(trx, sealing, request, current, record);
    });
  }

  /**
   * Takes the secret out of use, or puts it back; a second time changes nothing. Throws `SECRET_UNKNOWN`,
   * and as the ledger does.
   */
  async setState(name: SecretName, state: 'active' | 'disabled', record: RecordChange): Promise<SecretFacts> {
    const facts = await this.#writing(name, async (trx, sealing) => {
      const current = await this.#mustLoad(trx, sealing, name);
      const { secret, versions } = current.loaded;
      if (secret.state === state)
        return { value: factsOf(current.loaded), id: secret.id, generation: secret.generation };
      const what = state === 'active' ? 'secret.enabled' : 'secret.disabled';
      const outcome = await commitStep({ trx, sealing, now: this.#clock.now(), record }, current, {
        what,
        secret: { ...secret, state },
        versions,
      });
      if (state === 'disabled') await this.#ledger.append({ what: 'secret.disabled', id: secret.id });
      return outcome;
    });
    if (state === 'active') await this.#ledger.append({ what: 'secret.enabled', id: facts.id });
    return facts;
  }

  /**
   * Deletes the secret: values and manifest go from the database and its log, the row keeps id, name
   * and time. The name is free again. Throws `SECRET_UNKNOWN`, and as the ledger does.
   */
  async delete(name: SecretName, record: RecordChange, check?: CheckSecret): Promise<void> {
    await this.#writing(name, async (trx, sealing) => {
      const { loaded } = await this.#mustLoad(trx, sealing, name);
      check?.(factsOf(loaded));
      const { secret, versions } = loaded;
      const now = this.#clock.now();
      const generation = secret.generation + 1;
      const deleted = await updateSecret(trx, secret.id, secret.generation, {
        state: 'deleted',
        generation,
        description: secret.description,
        manifest: null,
        key_id: null,
        changed_at: now,
      });
      if (!deleted) throw changedMeanwhile(name);
      await shredVersions(
        trx,
        versions.map(({ id }) => id),
        now,
      );
      await record(trx, { what: 'secret.deleted', ...nameOf(secret), secretId: secret.id, generation });
      // The last word before the commit: what a restore carries out again was refused by nothing in here.
      await this.#ledger.append({ what: 'secret.deleted', id: secret.id });
      return { value: undefined, id: secret.id, generation };
    });
    await this.#database.purgeDeleted();
  }

  /**
   * What can be told of one secret. Not held against its manifest, as in a list. Throws
   * `SECRET_UNKNOWN`.
   */
  async find({ namespace, name }: SecretName): Promise<SecretFacts> {
    const loaded = await loadSecret(this.#database.db, namespace, name);
    if (loaded === undefined) throw unknownSecret({ namespace, name });
    return factsOf(loaded);
  }

  /**
   * The secrets of a namespace, or of all, by name, at most `limit` (100 unless said, 1000 at most).
   * Rows are not held against manifests here: a list decides nothing, reading does.
   */
  async list(
    page: {
      readonly namespace?: string | undefined;
      readonly after?: SecretName | undefined;
      readonly limit?: number | undefined;
    } = {},
  ): Promise<readonly SecretFacts[]> {
    const limit = Math.max(1, Math.min(page.limit ?? PAGE, LONGEST_PAGE));
    return (await listSecrets(this.#database.db, { ...page, limit })).map(factsOf);
  }

  /**
   * Shreds the values of versions whose overlap is over; gives of how many secrets. One that cannot be, since
   * somebody altered its rows, keeps no other from it: `failed` hears of each, and ends the run by throwing.
   */
  async shredEnded(record: RecordChange, failed: ShreddingFailed): Promise<number> {
    let shredded = 0;
    try {
      // Each secret once a run, whatever becomes of it: rows that somebody else keeps writing must not hold us.
      for (let after: SecretName | undefined; ;) {
        const page = await listSecretsWithEndedVersions(this.#database.db, this.#clock.now(), { after, limit: PAGE });
        for (const name of page) {
          try {
            await this.#shredEndedOf(name, record);
            shredded++;
          } catch (error) {
            // Deleted since it was listed, and its values with it.
            if (error instanceof ChatelaineError && error.code === 'SECRET_UNKNOWN') continue;
            await failed(name, error);
          }
        }
        if (page.length < PAGE) return shredded;
        after = page.at(-1);
      }
    } finally {
      if (shredded > 0) await this.#database.purgeDeleted();
    }
  }

  async #shredEndedOf(name: SecretName, record: RecordChange): Promise<void> {
    await this.#writing(name, async (trx, sealing) => {
      const current = await this.#mustLoad(trx, sealing, name);
      const step = { what: 'secret.versions-ended', ...current.loaded } as const;
      return await commitStep({ trx, sealing, now: this.#clock.now(), record }, current, step);
    });
  }

  /** Runs a change and remembers the generation that it has committed, not earlier. */
  async #writing<Value>(
    name: SecretName,
    work: (trx: DatabaseOrTransaction, sealing: LookingSealing) => Promise<Outcome<Value>>,
  ): Promise<Value> {
    const scope = { kind: 'namespace', id: name.namespace } as const;
    const { value, id, generation } = await this.#watch.looking((look) =>
      this.#envelope.writing(scope, (trx, sealing) => work(trx, { ...sealing, look })),
    );
    this.#watch.note(id, generation);
    return value;
  }

  async #addVersion(
    trx: DatabaseOrTransaction,
    sealing: Sealing,
    request: PutSecret & { readonly overlapMs: number },
    current: CheckedSecret | undefined,
    record: RecordChange,
  ): Promise<Outcome<SecretFacts>> {
    checkDescription(request.description ?? '');
    const now = this.#clock.now();
    const { material } = request;
    const expiresAt = expiryOf(request, now);
    if (current !== undefined) checkCanTake(current.loaded.secret, material);
    const secret = current?.loaded.secret ?? {
      id: newId(now),
      ...nameOf(request),
      kind: material.kind,
      description: '',
      state: 'active',
      createdAt: now,
    };
    const id = newId(now);
    const { text, keyId } = await sealing.seal(valuePlace(secret, id), serializeMaterial(material));
    const version = (current?.manifest.versions.at(-1)?.version ?? 0) + 1;
    const added = { id, version, value: text, keyId, createdAt: now, expiresAt, endsAt: null };
    const endsAt = now + checkOverlap(request.overlapMs);
    const before = (current?.loaded.versions ?? []).map((row) => ({
      ...row,
      endsAt: Math.min(row.endsAt ?? Infinity, endsAt),
    }));
    const step = {
      what: current === undefined ? 'secret.created' : 'secret.version-added',
      secret: { ...secret, description: request.description ?? secret.description },
      versions: [...before, added],
      added,
    } as const;
    return await commitStep({ trx, sealing, now: this.#clock.now(), record }, current, step);
  }

  async #load(
    trx: DatabaseOrTransaction,
    sealing: LookingSealing,
    name: SecretName,
  ): Promise<CheckedSecret | undefined> {
    return await loadChecked({ db: trx, open: sealing.open, look: sealing.look }, name);
  }

  async #mustLoad(trx: DatabaseOrTransaction, sealing: LookingSealing, name: SecretName): Promise<CheckedSecret> {
    checkSecretName(name);
    const current = await this.#load(trx, sealing, name);
    if (current !== undefined) return current;
    throw unknownSecret(name);
  }
}

/** The answer for a secret that is not there, and for one that is none of the caller's business. */
export const unknownSecret = ({ namespace, name }: SecretName): ChatelaineError =>
  vaultError('SECRET_UNKNOWN', `there is no secret ${quote(`${namespace}/${name}`)}`);

/** A new value would silently put back into use what somebody took out of it. */
function checkCanTake(secret: StoredSecret, material: SecretMaterial): void {
  const named = `the secret \`${secret.namespace}/${secret.name}\``;
  if (secret.state === 'disabled') throw vaultError('SECRET_DISABLED', `${named} is disabled`);
  if (secret.kind === material.kind) return;
  throw vaultError('SECRET_KIND_DIFFERS', `${named} is of the kind \`${secret.kind}\`, not \`${material.kind}\``);
}

function expiryOf(request: PutSecret, now: number): number | null {
  const ends = [request.expiresAt, ownExpiry(request.material)].filter((end) => end !== undefined);
  if (ends.length === 0) return null;
  const end = Math.min(...ends);
  if (Number.isSafeInteger(end) && end > now) return end;
  throw vaultError('SECRET_LIFETIME_REFUSED', 'the secret would have expired already');
}

function checkOverlap(ms: number): number {
  if (Number.isSafeInteger(ms) && ms >= 0 && ms <= LONGEST_OVERLAP_MS) return ms;
  throw vaultError('SECRET_LIFETIME_REFUSED', `versions cannot overlap for ${formatDuration(ms)}`);
}
