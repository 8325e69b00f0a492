import type { Clock } from '#kernel';
import { formatSecretReference, type SecretReference } from '#contract';
import type { Database } from '#db';
import type { Envelope } from '../envelope/envelope.ts';
import type { Place } from '../envelope/place.ts';
import { vaultError } from '../errors.ts';
import type { GenerationWatch } from './generation-watch.ts';
import { loadChecked } from './load-checked.ts';
import { endOf, valuePlace, type Manifest, type ManifestVersion } from './manifest.ts';
import { deserializeMaterial, type SecretKind, type SecretMaterial } from './material.ts';

/** What a secret is wanted for. */
export interface SecretUse {
  /** The namespace of the tool, source or server that wants it. */
  readonly namespace: string;
  /** What wants it, for policy and record: `tool weather`, `source warehouse`. */
  readonly by: string;
}

/** Who may use which secret: the port to policy. Asked at every read, before anything is decrypted. */
export type MayUse = (
  use: SecretUse,
  secret: { readonly namespace: string; readonly name: string; readonly kind: SecretKind },
) => boolean | Promise<boolean>;

/** The rule where no policy says otherwise: namespaces isolate. */
export const sameNamespace: MayUse = (use, secret) => use.namespace === secret.namespace;

/** The only way to the value of a secret. It gives it to code, as `Secret`, and no door reaches it. */
export interface SecretReader {
  /**
   * The material of the latest version, or of the version the reference names.
   *
   * Throws `SECRET_UNKNOWN`, which is also the answer for a secret that this use may not have,
   * `SECRET_DISABLED`, `SECRET_EXPIRED` (an older version never takes the place of an ended one),
   * `SEALED_DATA_ALTERED`, and as the wrapper does.
   */
  read(reference: SecretReference, use: SecretUse): Promise<SecretMaterial>;
  /** The same, with what identifies the version: for users who keep it, and must notice that it changed. */
  readVersion(reference: SecretReference, use: SecretUse): Promise<ReadVersion>;
}

/** A version of a secret that may be used, and until when. */
export interface ReadVersion {
  readonly material: SecretMaterial;
  readonly secretId: string;
  readonly version: number;
  /** Expiry or end of overlap, whichever comes first; milliseconds since the epoch. */
  readonly endsAt: number | undefined;
}

/** Reads secrets from the tables. */
export class VaultSecretReader implements SecretReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #envelope: Envelope;
  readonly #watch: GenerationWatch;
  readonly #mayUse: MayUse;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly envelope: Envelope;
    readonly watch: GenerationWatch;
    readonly mayUse: MayUse;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#envelope = parts.envelope;
    this.#watch = parts.watch;
    this.#mayUse = parts.mayUse;
  }

  async read(reference: SecretReference, use: SecretUse): Promise<SecretMaterial> {
    return (await this.readVersion(reference, use)).material;
  }

  async readVersion(reference: SecretReference, use: SecretUse): Promise<ReadVersion> {
    const open = (place: Place, text: string) => this.#envelope.open(place, text);
    const found = await this.#watch.looking((look) =>
      loadChecked({ db: this.#database.db, open, look }, reference, ({ namespace, name, kind }) =>
        this.#mayUse(use, { namespace, name, kind }),
      ),
    );
    if (found === undefined) throw unknown(reference);
    const { loaded, manifest } = found;
    const named = `\`${formatSecretReference(reference)}\``;
    if (manifest.state === 'disabled') throw vaultError('SECRET_DISABLED', `${named} is disabled`);
    const version = pickVersion(manifest, reference);
    if (version === 'never was') throw unknown(reference);
    if (version === 'gone' || endOf(version) <= this.#clock.now()) {
      throw vaultError('SECRET_EXPIRED', `${named} has ended`);
    }
    const value = loaded.versions.find((row) => row.id === version.row)?.value ?? '';
    const material = deserializeMaterial(await open(valuePlace(loaded.secret, version.row), value));
    if (material.kind !== manifest.kind) throw vaultError('SEALED_DATA_ALTERED', `${named} holds another kind`);
    const end = endOf(version);
    return {
      material,
      secretId: loaded.secret.id,
      version: version.version,
      endsAt: Number.isFinite(end) ? end : undefined,
    };
  }
}

function pickVersion(manifest: Manifest, reference: SecretReference): ManifestVersion | 'gone' | 'never was' {
  const latest = manifest.versions.at(-1);
  if (latest === undefined) return 'gone';
  if (reference.version === undefined) return latest;
  const found = manifest.versions.find(({ version }) => version === reference.version);
  return found ?? (reference.version < latest.version ? 'gone' : 'never was');
}

const unknown = (reference: SecretReference): Error =>
  vaultError('SECRET_UNKNOWN', `there is no secret \`${formatSecretReference(reference)}\``);
