import { sql } from 'kysely';
import type { DatabaseOrTransaction, SecretsTable, SecretVersionsTable } from '#db';
import { manifestPlace, valuePlace } from '../secrets/manifest.ts';
import type { SealedColumn } from '../rotation/sealed-column.ts';
import type { SecretKind } from '../secrets/material.ts';

export interface StoredSecret {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: SecretKind;
  readonly description: string;
  readonly state: 'active' | 'disabled' | 'deleted';
  readonly generation: number;
  /** Sealed; empty once deleted. */
  readonly manifest: string;
  readonly createdAt: number;
  readonly changedAt: number;
}

export interface StoredVersion {
  readonly id: string;
  readonly version: number;
  /** Sealed; empty once shredded. */
  readonly value: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly endsAt: number | null;
}

/** A secret with the versions that have not been shredded, oldest first: one moment of both. */
export interface LoadedSecret {
  readonly secret: StoredSecret;
  readonly versions: readonly StoredVersion[];
}

/** Where a page of secrets goes on. */
export interface SecretPosition {
  readonly namespace: string;
  readonly name: string;
}

/** In the text of a statement, not beside it: only then is the index on names of these rows used. */
const DELETED = sql.lit('deleted' as const);

/** The secret of that name that is not deleted, in one statement, so that its rows fit each other. */
export async function loadSecret(
  db: DatabaseOrTransaction,
  namespace: string,
  name: string,
): Promise<LoadedSecret | undefined> {
  const rows = await db
    .selectFrom('secrets')
    .leftJoin('secret_versions', (join) =>
      join.onRef('secret_versions.secret_id', '=', 'secrets.id').on('secret_versions.value', 'is not', null),
    )
    .selectAll('secrets')
    .select([
      'secret_versions.id as version_id',
      'secret_versions.version',
      'secret_versions.value',
      'secret_versions.created_at as version_created_at',
      'secret_versions.expires_at',
      'secret_versions.ends_at',
    ])
    .where('secrets.namespace', '=', namespace)
    .where('secrets.name', '=', name)
    .where('secrets.state', '<>', DELETED)
    .orderBy('secret_versions.version')
    .execute();
  const [first] = rows;
  if (first === undefined) return undefined;
  const versions = rows.flatMap((row) =>
    row.version_id === null || row.version === null || row.version_created_at === null
      ? []
      : [
          {
            id: row.version_id,
            version: row.version,
            value: row.value ?? '',
            createdAt: row.version_created_at,
            expiresAt: row.expires_at,
            endsAt: row.ends_at,
          },
        ],
  );
  return { secret: toSecret(first), versions };
}

/** Secrets that are not deleted, by namespace and name, after `after`, at most `limit`. */
export async function listSecrets(
  db: DatabaseOrTransaction,
  page: {
    readonly namespace?: string | undefined;
    readonly after?: SecretPosition | undefined;
    readonly limit: number;
  },
): Promise<readonly LoadedSecret[]> {
  const { namespace, after } = page;
  let query = db.selectFrom('secrets').selectAll().where('state', '<>', DELETED);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (after !== undefined) {
    query = query.where((where) =>
      where.or([
        where('namespace', '>', after.namespace),
        where.and([where('namespace', '=', after.namespace), where('name', '>', after.name)]),
      ]),
    );
  }
  const secrets = await query.orderBy('namespace').orderBy('name').limit(page.limit).execute();
  if (secrets.length === 0) return [];
  const versions = await db
    .selectFrom('secret_versions')
    .selectAll()
    .where('value', 'is not', null)
    .where(
      'secret_id',
      'in',
      secrets.map((row) => row.id),
    )
    .orderBy('version')
    .execute();
  return secrets.map((row) => ({
    secret: toSecret(row),
    versions: versions.filter((version) => version.secret_id === row.id).map(toVersion),
  }));
}

/** Adds a secret. Its name must be free. */
export async function insertSecret(db: DatabaseOrTransaction, secret: StoredSecret, keyId: string): Promise<boolean> {
  const result = await db
    .insertInto('secrets')
    .values({
      id: secret.id,
      namespace: secret.namespace,
      name: secret.name,
      kind: secret.kind,
      description: secret.description,
      state: secret.state,
      generation: secret.generation,
      key_id: keyId,
      manifest: secret.manifest,
      created_at: secret.createdAt,
      changed_at: secret.changedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Brings a secret from one generation to the next; false when it is no longer at that generation. */
export async function updateSecret(
  db: DatabaseOrTransaction,
  id: string,
  fromGeneration: number,
  to: Pick<SecretsTable, 'state' | 'generation' | 'description' | 'manifest' | 'key_id' | 'changed_at'>,
): Promise<boolean> {
  const result = await db
    .updateTable('secrets')
    .set(to)
    .where('id', '=', id)
    .where('generation', '=', fromGeneration)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function insertVersion(
  db: DatabaseOrTransaction,
  secretId: string,
  version: StoredVersion,
  keyId: string,
): Promise<void> {
  await db
    .insertInto('secret_versions')
    .values({
      id: version.id,
      secret_id: secretId,
      version: version.version,
      key_id: keyId,
      value: version.value,
      created_at: version.createdAt,
      expires_at: version.expiresAt,
      ends_at: version.endsAt,
      shredded_at: null,
    })
    .execute();
}

/** Ends a version at that moment. */
export async function setVersionEnd(db: DatabaseOrTransaction, id: string, endsAt: number): Promise<void> {
  await db.updateTable('secret_versions').set({ ends_at: endsAt }).where('id', '=', id).execute();
}

/** Forgets the values of these versions; their rows stay. */
export async function shredVersions(db: DatabaseOrTransaction, ids: readonly string[], now: number): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('secret_versions')
    .set({ value: null, key_id: null, shredded_at: now })
    .where('id', 'in', ids)
    .where('value', 'is not', null)
    .execute();
}

/** Names of secrets with a version that has ended and still has its value, in order, after `after`, at most `limit`. */
export async function listSecretsWithEndedVersions(
  db: DatabaseOrTransaction,
  now: number,
  page: { readonly after?: SecretPosition | undefined; readonly limit: number },
): Promise<readonly SecretPosition[]> {
  const { after } = page;
  let query = db
    .selectFrom('secret_versions')
    .innerJoin('secrets', 'secrets.id', 'secret_versions.secret_id')
    .select(['secrets.namespace', 'secrets.name'])
    .distinct()
    .where('secret_versions.value', 'is not', null)
    .where('secrets.state', '<>', DELETED)
    .where('secret_versions.ends_at', '<=', now);
  if (after !== undefined) {
    query = query.where((where) =>
      where.or([
        where('secrets.namespace', '>', after.namespace),
        where.and([where('secrets.namespace', '=', after.namespace), where('secrets.name', '>', after.name)]),
      ]),
    );
  }
  return await query.orderBy('secrets.namespace').orderBy('secrets.name').limit(page.limit).execute();
}

/** The sealed columns of these tables, for rotations of data keys. */
export const secretColumns: readonly SealedColumn[] = [
  {
    sealedWith: async (db, keyId, limit) => {
      const rows = await db
        .selectFrom('secrets')
        .selectAll()
        .where('key_id', '=', keyId)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ place: manifestPlace(row), text: row.manifest ?? '' }));
    },
    replace: async (db, row, text, keyId) => {
      const result = await db
        .updateTable('secrets')
        .set({ manifest: text, key_id: keyId })
        .where('id', '=', row.place.row)
        .where('manifest', '=', row.text)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
  },
  {
    sealedWith: async (db, keyId, limit) => {
      const rows = await db
        .selectFrom('secret_versions')
        .innerJoin('secrets', 'secrets.id', 'secret_versions.secret_id')
        .select(['secret_versions.id', 'secret_versions.value', 'secrets.namespace', 'secrets.name'])
        .where('secret_versions.key_id', '=', keyId)
        .orderBy('secret_versions.id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ place: valuePlace(row, row.id), text: row.value ?? '' }));
    },
    replace: async (db, row, text, keyId) => {
      const result = await db
        .updateTable('secret_versions')
        .set({ value: text, key_id: keyId })
        .where('id', '=', row.place.row)
        .where('value', '=', row.text)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
  },
];

function toSecret(row: SecretsTable): StoredSecret {
  return {
    id: row.id,
    namespace: row.namespace,
    name: row.name,
    kind: row.kind,
    description: row.description,
    state: row.state,
    generation: row.generation,
    manifest: row.manifest ?? '',
    createdAt: row.created_at,
    changedAt: row.changed_at,
  };
}

const toVersion = (row: SecretVersionsTable): StoredVersion => ({
  id: row.id,
  version: row.version,
  value: row.value ?? '',
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  endsAt: row.ends_at,
});
