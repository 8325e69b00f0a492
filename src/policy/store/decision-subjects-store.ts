import type { DatabaseOrTransaction } from '#db';

export interface SubjectRow {
  readonly key: string;
  readonly subject: string;
}

/** Keeps them, or says that they were met again. */
export async function keepSubjects(
  db: DatabaseOrTransaction,
  rows: readonly SubjectRow[],
  seenAt: number,
): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('decision_subjects')
    .values(rows.map(({ key, subject }) => ({ key, subject, seen_at: seenAt })))
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ seen_at: seenAt }))
    .execute();
}

export async function readSubject(db: DatabaseOrTransaction, key: string): Promise<string | undefined> {
  const row = await db.selectFrom('decision_subjects').select('subject').where('key', '=', key).executeTakeFirst();
  return row?.subject;
}

/** Forgets those that no decision was about since then. */
export async function forgetSubjectsBefore(db: DatabaseOrTransaction, before: number): Promise<void> {
  await db.deleteFrom('decision_subjects').where('seen_at', '<', before).execute();
}

/** People that decisions were about, by key, after that one. As `toStored` writes them: what it is comes first. */
export async function pageOfUsers(
  db: DatabaseOrTransaction,
  after: string,
  limit: number,
): Promise<readonly SubjectRow[]> {
  return await db
    .selectFrom('decision_subjects')
    .select(['key', 'subject'])
    .where('subject', 'like', '{"uid":{"type":"User",%')
    .where('key', '>', after)
    .orderBy('key')
    .limit(limit)
    .execute();
}

/** Gives how many there were. */
export async function forgetSubjects(db: DatabaseOrTransaction, keys: readonly string[]): Promise<number> {
  const deleted = await db
    .deleteFrom('decision_subjects')
    .where('key', 'in', [...keys])
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
