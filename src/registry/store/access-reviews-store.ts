import type { AccessReviewLinesTable, AccessReviewsTable, DatabaseOrTransaction } from '#db';
import {
  LINE_STATES,
  type Campaign,
  type Counts,
  type HeldKind,
  type Line,
  type LineState,
} from '../reviews/campaign.ts';

/** Rows of one statement: SQLite takes 32766 values. */
const AT_ONCE = 500;

/** In a transaction. */
export async function insertReview(
  db: DatabaseOrTransaction,
  campaign: Campaign,
  lines: readonly Line[],
): Promise<void> {
  await db
    .insertInto('access_reviews')
    .values({
      ...{ id: campaign.id, namespace: campaign.namespace, title: campaign.title, on_due: campaign.onDue },
      ...{ due_at: campaign.dueAt, due_done_at: campaign.dueDoneAt, opened_at: campaign.openedAt },
      ...{ opened_by_kind: campaign.openedBy.kind, opened_by: campaign.openedBy.id },
      ...{ closed_by: campaign.closedBy, closed_at: campaign.closedAt },
    })
    .execute();
  const reviewers = campaign.reviewers.map((id) => ({ review_id: campaign.id, user_id: id }));
  await db.insertInto('access_review_reviewers').values(reviewers).execute();
  for (let at = 0; at < lines.length; at += AT_ONCE) {
    const rows = lines.slice(at, at + AT_ONCE).map(fromLine);
    await db.insertInto('access_review_lines').values(rows).execute();
  }
}

export async function findReview(db: DatabaseOrTransaction, id: string): Promise<Campaign | undefined> {
  const row = await db.selectFrom('access_reviews').selectAll().where('id', '=', id).executeTakeFirst();
  return row && (await withReviewers(db, [row]))[0];
}

/** The newest first, before the one of that id. */
export async function listReviews(
  db: DatabaseOrTransaction,
  namespaces: readonly string[] | 'all',
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<readonly Campaign[]> {
  let rows = db.selectFrom('access_reviews').selectAll();
  if (namespaces !== 'all') rows = rows.where('namespace', 'in', namespaces.length === 0 ? [''] : [...namespaces]);
  if (before !== undefined) rows = rows.where('id', '<', before);
  return await withReviewers(db, await rows.orderBy('id', 'desc').limit(limit).execute());
}

/** Those that are open and that the user reviews, the newest first. */
export async function listReviewsOf(
  db: DatabaseOrTransaction,
  userId: string,
  limit: number,
): Promise<readonly Campaign[]> {
  const rows = await db
    .selectFrom('access_reviews')
    .innerJoin('access_review_reviewers', 'access_review_reviewers.review_id', 'access_reviews.id')
    .selectAll('access_reviews')
    .where('user_id', '=', userId)
    .where('closed_at', 'is', null)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return await withReviewers(db, rows);
}

/** Open ones whose time is over, and of which nothing was done about that. */
export async function listDue(db: DatabaseOrTransaction, now: number, limit: number): Promise<readonly Campaign[]> {
  const rows = await db
    .selectFrom('access_reviews')
    .selectAll()
    .where('due_done_at', 'is', null)
    .where('due_at', '<=', now)
    .where('closed_at', 'is', null)
    .orderBy('due_at')
    .limit(limit)
    .execute();
  return await withReviewers(db, rows);
}

/** True for exactly one of all who do it. */
export async function setDueDone(db: DatabaseOrTransaction, id: string, now: number): Promise<boolean> {
  const updated = await db
    .updateTable('access_reviews')
    .set({ due_done_at: now })
    .where('id', '=', id)
    .where('due_done_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Likewise. */
export async function closeReview(
  db: DatabaseOrTransaction,
  id: string,
  { by, at }: { readonly by: string; readonly at: number },
): Promise<boolean> {
  const updated = await db
    .updateTable('access_reviews')
    .set({ closed_by: by, closed_at: at })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

export async function findLine(db: DatabaseOrTransaction, id: string, line: number): Promise<Line | undefined> {
  const row = await db
    .selectFrom('access_review_lines')
    .selectAll()
    .where('review_id', '=', id)
    .where('line', '=', line)
    .executeTakeFirst();
  return row && toLine(row);
}

/** By number, after that one. */
export async function pageOfLines(
  db: DatabaseOrTransaction,
  id: string,
  { states, after, limit }: { readonly states?: readonly LineState[]; readonly after: number; readonly limit: number },
): Promise<readonly Line[]> {
  let rows = db.selectFrom('access_review_lines').selectAll().where('review_id', '=', id).where('line', '>', after);
  if (states !== undefined) rows = rows.where('state', 'in', [...states]);
  return (await rows.orderBy('line').limit(limit).execute()).map(toLine);
}

/** The single gate of a decision: true for one of all who decide from those states. */
export async function settleLine(
  db: DatabaseOrTransaction,
  { review, line }: Pick<Line, 'review' | 'line'>,
  from: readonly LineState[],
  to: Partial<Pick<Line, 'elsewhere' | 'reason' | 'decidedBy' | 'decidedAt'>> & Pick<Line, 'state'>,
): Promise<boolean> {
  const { state, elsewhere, reason, decidedBy, decidedAt } = to;
  const updated = await db
    .updateTable('access_review_lines')
    .set({
      state,
      ...(elsewhere !== undefined && { elsewhere }),
      ...(reason !== undefined && { reason }),
      ...(decidedBy !== undefined && { decided_by: decidedBy }),
      ...(decidedAt !== undefined && { decided_at: decidedAt }),
    })
    .where('review_id', '=', review)
    .where('line', '=', line)
    .where('state', 'in', [...from])
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

export async function countLines(db: DatabaseOrTransaction, id: string): Promise<Counts> {
  const rows = await db
    .selectFrom('access_review_lines')
    .select(['state', ({ fn }) => fn.countAll<number | string>().as('count')])
    .where('review_id', '=', id)
    .groupBy('state')
    .execute();
  const counted = new Map<LineState, number>(rows.map(({ state, count }) => [state, Number(count)]));
  return Object.fromEntries(LINE_STATES.map((state) => [state, counted.get(state) ?? 0])) as Record<LineState, number>;
}

/** Takes away what a person wrote, and what was written about what they held. Gives how many lines had any. */
export async function forgetReasonsOf(db: DatabaseOrTransaction, userId: string): Promise<number> {
  let forgotten = 0n;
  for (const column of ['decided_by', 'holder_id'] as const) {
    const updated = await db
      .updateTable('access_review_lines')
      .set({ reason: null })
      .where(column, '=', userId)
      .where('reason', 'is not', null)
      .executeTakeFirst();
    forgotten += updated.numUpdatedRows;
  }
  return Number(forgotten);
}

async function withReviewers(
  db: DatabaseOrTransaction,
  rows: readonly AccessReviewsTable[],
): Promise<readonly Campaign[]> {
  if (rows.length === 0) return [];
  const found = await db
    .selectFrom('access_review_reviewers')
    .selectAll()
    .where(
      'review_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('user_id')
    .execute();
  const reviewers = Map.groupBy(found, (row) => row.review_id);
  return rows.map((row) => ({
    ...{ id: row.id, namespace: row.namespace, title: row.title, onDue: row.on_due },
    ...{ dueAt: row.due_at, dueDoneAt: row.due_done_at, openedAt: row.opened_at },
    openedBy: { kind: row.opened_by_kind, id: row.opened_by },
    ...{ closedBy: row.closed_by, closedAt: row.closed_at },
    reviewers: (reviewers.get(row.id) ?? []).map((one) => one.user_id),
  }));
}

const fromLine = (one: Line): AccessReviewLinesTable => ({
  ...{ review_id: one.review, line: one.line, kind: one.kind, namespace: one.namespace, target: one.target },
  ...{ holder_kind: one.holder.kind, holder_id: one.holder.id, holder_name: one.holder.name },
  ...{ what: one.what, elsewhere: one.elsewhere ?? null, state: one.state, reason: one.reason },
  ...{ decided_by: one.decidedBy, decided_at: one.decidedAt },
});

const toLine = (row: AccessReviewLinesTable): Line => ({
  ...{ review: row.review_id, line: row.line, namespace: row.namespace, target: row.target, what: row.what },
  kind: row.kind as HeldKind,
  holder: { kind: row.holder_kind, id: row.holder_id, name: row.holder_name },
  ...{ elsewhere: row.elsewhere ?? undefined, state: row.state, reason: row.reason },
  ...{ decidedBy: row.decided_by, decidedAt: row.decided_at },
});
