import type { DatabaseOrTransaction } from '#db';
import type { RecordChange, SecretChange } from '../changes.ts';
import type { Sealing } from '../envelope/envelope.ts';
import { vaultError } from '../errors.ts';
import {
  insertSecret,
  insertVersion,
  setVersionEnd,
  shredVersions,
  updateSecret,
  type StoredSecret,
  type StoredVersion,
} from '../store/secrets-store.ts';
import type { CheckedSecret } from './load-checked.ts';
import { endOf, manifestPlace, serializeManifest, type Manifest } from './manifest.ts';
import { factsOf, nameOf, type SecretFacts, type SecretName } from './secret-facts.ts';

const MOST_VERSIONS = 10;

/** What a change of a secret gives, and the generation that it commits. */
export interface Outcome<Value> {
  readonly value: Value;
  readonly id: string;
  readonly generation: number;
}

/** Where a secret goes from what it is: its head, all versions that it then has, the one that is new. */
export interface Step {
  readonly what: SecretChange['what'];
  readonly secret: Omit<StoredSecret, 'manifest' | 'generation' | 'changedAt'>;
  readonly versions: readonly StoredVersion[];
  readonly added?: StoredVersion;
}

/** The transaction in which a change happens, and its moment. */
export interface Transition {
  readonly trx: DatabaseOrTransaction;
  readonly sealing: Sealing;
  readonly now: number;
  readonly record: RecordChange;
}

/**
 * Writes the step as the next generation of the secret: its rows, the manifest over them, and the
 * record. Versions that have ended by now, but for the latest, are shredded. Throws `VAULT_BUSY`,
 * `SECRET_VERSIONS_EXHAUSTED`.
 */
export async function commitStep(
  { trx, sealing, now, record }: Transition,
  current: CheckedSecret | undefined,
  step: Step,
): Promise<Outcome<SecretFacts>> {
  const latest = step.versions.at(-1);
  const kept = step.versions.filter((version) => version === latest || endOf(version) > now);
  if (kept.length > MOST_VERSIONS) {
    throw vaultError('SECRET_VERSIONS_EXHAUSTED', `${kept.length - 1} versions already overlap`);
  }
  const manifest: Manifest = {
    generation: (current?.manifest.generation ?? 0) + 1,
    kind: step.secret.kind,
    state: step.secret.state === 'active' ? 'active' : 'disabled',
    versions: kept.map(({ version, id, expiresAt, endsAt }) => ({ version, row: id, expiresAt, endsAt })),
  };
  const { text, keyId } = await sealing.seal(manifestPlace(step.secret), serializeManifest(manifest));
  const secret: StoredSecret = { ...step.secret, generation: manifest.generation, manifest: text, changedAt: now };
  await writeSecret(trx, current, secret, keyId);
  for (const version of kept) {
    const before = current?.loaded.versions.find(({ id }) => id === version.id);
    if (version === step.added) await insertVersion(trx, secret.id, version, keyId);
    else if (version.endsAt !== null && version.endsAt !== before?.endsAt) {
      await setVersionEnd(trx, version.id, version.endsAt);
    }
  }
  const ended = step.versions.filter((version) => !kept.includes(version));
  await shredVersions(
    trx,
    ended.map(({ id }) => id),
    now,
  );
  await record(trx, {
    what: step.what,
    ...nameOf(secret),
    secretId: secret.id,
    generation: secret.generation,
    ...(step.added === undefined ? {} : { version: step.added.version }),
  });
  return { value: factsOf({ secret, versions: kept }), id: secret.id, generation: secret.generation };
}

async function writeSecret(
  trx: DatabaseOrTransaction,
  current: CheckedSecret | undefined,
  secret: StoredSecret,
  keyId: string,
): Promise<void> {
  const written =
    current === undefined
      ? await insertSecret(trx, secret, keyId)
      : await updateSecret(trx, secret.id, current.manifest.generation, {
          state: secret.state,
          generation: secret.generation,
          description: secret.description,
          manifest: secret.manifest,
          key_id: keyId,
          changed_at: secret.changedAt,
        });
  if (!written) throw changedMeanwhile(secret);
}

/** The row is no longer at the generation that was read in this very transaction. */
export const changedMeanwhile = (name: SecretName): Error =>
  vaultError('VAULT_BUSY', `the secret \`${name.namespace}/${name.name}\` was changed by somebody else just now`);
