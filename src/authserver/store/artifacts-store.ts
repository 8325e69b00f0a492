import type { DatabaseOrTransaction, OAuthArtifactsTable } from '#db';

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

export async function deleteOfUser(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await db.deleteFrom('oauth_artifacts').where('user_id', '=', userId).execute();
}

/** Those that ended before `before`: a bounded number, the oldest first. Gives how many. */
export async function pruneArtifacts(db: DatabaseOrTransaction, before: number, limit: number): Promise<number> {
  const ended = await db
    .selectFrom('oauth_artifacts')
    .select(['model', 'digest'])
    .where('expires_at', '<', before)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  for (const { model, digest } of ended) await deleteArtifact(db, model, digest);
  return ended.length;
}
