import type { ExpressionBuilder } from 'kysely';
import type { DatabaseOrTransaction, OAuthArtifactsTable, Schema } from '#db';

/** A row as the adapter writes and reads it. */
export type Artifact = OAuthArtifactsTable;

/** Writes an artifact; what was under its digest is replaced, its use aside: what is used up stays so. */
export async function putArtifact(db: DatabaseOrTransaction, artifact: Artifact): Promise<void> {
  const { model: _, digest: __, consumed_at: ___, ...changed } = artifact;
  await db
    .insertInto('oauth_artifacts')
    .values(artifact)
    .onConflict((conflict) => conflict.columns(['model', 'digest']).doUpdateSet(changed))
    .execute();
}

/** Writes an artifact where there is none under its digest; false where there is one. True for one caller, ever. */
export async function insertArtifact(db: DatabaseOrTransaction, artifact: Artifact): Promise<boolean> {
  const inserted = await db
    .insertInto('oauth_artifacts')
    .values(artifact)
    .onConflict((conflict) => conflict.columns(['model', 'digest']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** What of it names one row. */
export type ArtifactKey =
  | { readonly digest: string }
  | { readonly uidDigest: string }
  | { readonly userCodeDigest: string };

/** The artifact, expired or not: whoever asks says what an end means. */
export async function findArtifact(
  db: DatabaseOrTransaction,
  model: string,
  key: ArtifactKey,
): Promise<Artifact | undefined> {
  const rows = db.selectFrom('oauth_artifacts').selectAll().where('model', '=', model);
  if ('digest' in key) return rows.where('digest', '=', key.digest).executeTakeFirst();
  if ('uidDigest' in key) return rows.where('uid_digest', '=', key.uidDigest).executeTakeFirst();
  return rows.where('user_code_digest', '=', key.userCodeDigest).executeTakeFirst();
}

/** Uses it up; true for exactly one caller, ever. */
export async function consumeArtifact(
  db: DatabaseOrTransaction,
  model: string,
  digest: string,
  now: number,
): Promise<boolean> {
  const updated = await db
    .updateTable('oauth_artifacts')
    .set({ consumed_at: now })
    .where('model', '=', model)
    .where('digest', '=', digest)
    .where('consumed_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

export async function deleteArtifact(db: DatabaseOrTransaction, model: string, digest: string): Promise<void> {
  await db.deleteFrom('oauth_artifacts').where('model', '=', model).where('digest', '=', digest).execute();
}

/** Everything that was issued under a grant, of one model or of all. */
export async function deleteOfGrant(db: DatabaseOrTransaction, grantId: string, model?: string): Promise<void> {
  const rows = db.deleteFrom('oauth_artifacts').where('grant_id', '=', grantId);
  await (model === undefined ? rows : rows.where('model', '=', model)).execute();
}

/** Everything that was issued to a client, to people and to itself. */
export async function deleteOfClient(db: DatabaseOrTransaction, clientId: string): Promise<void> {
  await db.deleteFrom('oauth_artifacts').where('client_id', '=', clientId).execute();
}

export async function deleteOfUser(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await db.deleteFrom('oauth_artifacts').where('user_id', '=', userId).execute();
}

/** Those of a model that ended before `before`: a bounded number, the oldest first, in one statement. */
export async function pruneArtifacts(
  db: DatabaseOrTransaction,
  which: { readonly models: readonly string[]; readonly before: number; readonly limit: number },
): Promise<void> {
  const { models, before, limit } = which;
  for (const model of models) {
    await db
      .deleteFrom('oauth_artifacts')
      .where('model', '=', model)
      .where('digest', 'in', (ended) =>
        ended
          .selectFrom('oauth_artifacts')
          .select('digest')
          .where('model', '=', model)
          .where('expires_at', '<', before)
          .orderBy('expires_at')
          .limit(limit),
      )
      .execute();
  }
}

/** What strangers have opened: of one model, and of one client where `clientId` is given (null for none). */
export interface Opened {
  readonly model: string;
  readonly clientId?: string | null;
}

/** How many of them go on at `now`, counted up to `most`. Those of somebody who is signed in are not among them. */
export async function countOpened(
  db: DatabaseOrTransaction,
  { model, clientId }: Opened,
  { now, most }: { readonly now: number; readonly most: number },
): Promise<number> {
  const { count } = await db
    .selectFrom((from) =>
      from
        .selectFrom('oauth_artifacts')
        .select('digest')
        .where('model', '=', model)
        .where((row) => whoseIs(row, clientId))
        .where('expires_at', '>', now)
        .where('user_id', 'is', null)
        .limit(most)
        .as('opened'),
    )
    .select((row) => row.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Takes the one away that ends first, where it ends before `before`; whether there was one. */
export async function evictOldest(
  db: DatabaseOrTransaction,
  { model, clientId }: Opened,
  before: number,
): Promise<boolean> {
  const deleted = await db
    .deleteFrom('oauth_artifacts')
    .where('model', '=', model)
    .where('digest', 'in', (oldest) =>
      oldest
        .selectFrom('oauth_artifacts')
        .select('digest')
        .where('model', '=', model)
        .where((row) => whoseIs(row, clientId))
        .where('expires_at', '<', before)
        .where('user_id', 'is', null)
        .orderBy('expires_at')
        .limit(1),
    )
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

function whoseIs(row: ExpressionBuilder<Schema, 'oauth_artifacts'>, clientId: string | null | undefined) {
  if (clientId === undefined) return row.lit(true);
  return clientId === null ? row('client_id', 'is', null) : row('client_id', '=', clientId);
}

/** The row that says since when assertions are known: what was used before is on no backup. */
const KNOWN_SINCE = { model: 'AssertionsKnown', digest: 'since' } as const;
const TOLD_FOR_MS = 24 * 3600_000;

/** Notes that nothing is known of assertions that were used before `now`. */
export async function forgetAssertions(db: DatabaseOrTransaction, now: number): Promise<void> {
  const nothing = { content: '', grant_id: null, user_id: null, client_id: null, uid_digest: null };
  const row = { ...KNOWN_SINCE, ...nothing, user_code_digest: null, consumed_at: now, expires_at: now + TOLD_FOR_MS };
  await insertArtifact(db, row);
}

/** Since when it is known which assertions were used; milliseconds, 0 for always. */
export async function assertionsKnownSince(db: DatabaseOrTransaction): Promise<number> {
  return (await findArtifact(db, KNOWN_SINCE.model, KNOWN_SINCE))?.consumed_at ?? 0;
}
