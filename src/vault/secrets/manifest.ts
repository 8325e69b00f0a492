import { reveal, Secret } from '#kernel';
import { vaultError } from '../errors.ts';
import type { LoadedSecret, StoredVersion } from '../store/secrets-store.ts';
import type { Place } from '../envelope/place.ts';
import type { SecretKind } from './material.ts';

/** One version that may still be read. */
export interface ManifestVersion {
  readonly version: number;
  readonly row: string;
  readonly expiresAt: number | null;
  readonly endsAt: number | null;
}

/**
 * What the rows of a secret must say, sealed in the row of the secret. Ciphertexts alone do not stop
 * whoever writes in the database from enabling a disabled secret, lengthening its life, or putting
 * back a version that was deleted. All of this stands here once more, where they cannot write.
 */
export interface Manifest {
  readonly generation: number;
  readonly kind: SecretKind;
  readonly state: 'active' | 'disabled';
  /** Oldest first; the last is the latest. */
  readonly versions: readonly ManifestVersion[];
}

/** Where the manifest of a secret lies. */
export const manifestPlace = (secret: { id: string; namespace: string; name: string }): Place => ({
  table: 'secrets',
  column: 'manifest',
  row: secret.id,
  owner: `${secret.namespace}/${secret.name}`,
});

/** Where the value of a version lies. */
export const valuePlace = (secret: { namespace: string; name: string }, versionRow: string): Place => ({
  table: 'secret_versions',
  column: 'value',
  row: versionRow,
  owner: `${secret.namespace}/${secret.name}`,
});

export const serializeManifest = (manifest: Manifest): Secret => new Secret(JSON.stringify({ v: 1, ...manifest }));

/** The manifest of an opened text. Throws `SEALED_DATA_ALTERED` where the rows say something else. */
export function checkedManifest(opened: Secret, loaded: LoadedSecret): Manifest {
  const { v, ...manifest } = JSON.parse(reveal(opened)) as Manifest & { readonly v: number };
  const { secret } = loaded;
  // Taken out of use without the keys at hand, as a restore does: that needs no seal, giving back does.
  const takenOut = secret.state === 'disabled';
  const same =
    v === 1 &&
    manifest.generation === secret.generation &&
    manifest.kind === secret.kind &&
    (manifest.state === secret.state || takenOut) &&
    // Every row, not the listed ones alone: the next change seals a manifest over whatever rows there are, and
    // a version that was put back would be in it.
    manifest.versions.length === loaded.versions.length &&
    manifest.versions.every((listed) => loaded.versions.some((row) => sameVersion(listed, row)));
  if (same) return takenOut ? { ...manifest, state: 'disabled' } : manifest;
  throw vaultError(
    'SEALED_DATA_ALTERED',
    `the rows of the secret \`${secret.namespace}/${secret.name}\` are not what its manifest says`,
  );
}

const sameVersion = (listed: ManifestVersion, row: StoredVersion): boolean =>
  listed.row === row.id &&
  listed.version === row.version &&
  listed.expiresAt === row.expiresAt &&
  listed.endsAt === row.endsAt;

/** The moment from which on the version is not given out; undefined when there is none. */
export function endOf(version: { readonly expiresAt: number | null; readonly endsAt: number | null }): number {
  return Math.min(version.expiresAt ?? Infinity, version.endsAt ?? Infinity);
}
