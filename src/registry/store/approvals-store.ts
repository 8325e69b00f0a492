import type { ApprovalsTable, DatabaseOrTransaction } from '#db';
import type { Place, SealedColumn } from '#vault';
import type { Answer, Approval, ApprovalState } from '../approvals/approval.ts';

/** A request as it begins. */
export type NewApproval = Omit<Approval, 'state' | 'reason' | 'closedAt' | 'answers'> & {
  readonly keyId: string;
  readonly notifyAt: number | null;
};

export async function insertApproval(db: DatabaseOrTransaction, made: NewApproval): Promise<void> {
  const { asker } = made;
  await db
    .insertInto('approvals')
    .values({
      ...{ id: made.id, namespace: made.namespace, tool: made.tool, shown: JSON.stringify(made.shown) },
      ...{ pin: made.pin, binding: made.binding, arguments_digest: made.argumentsDigest },
      ...{ caller_kind: asker.kind, caller_iss: asker.iss, caller_sub: asker.sub, caller_client: asker.client },
      ...{ caller_act: JSON.stringify(asker.act), responsible: made.responsible, needs: JSON.stringify(made.needs) },
      ...{ sealed: made.sealed, key_id: made.keyId, state: 'pending', reason: null },
      ...{ created_at: made.createdAt, expires_at: made.expiresAt, closed_at: null },
      ...{ notify_at: made.notifyAt, notify_attempts: 0 },
    })
    .execute();
}

export async function findApproval(db: DatabaseOrTransaction, id: string): Promise<Approval | undefined> {
  const row = await db.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst();
  return row && (await withAnswers(db, [row]))[0];
}

/** The newest request with that binding. */
export async function findBound(db: DatabaseOrTransaction, binding: string): Promise<Approval | undefined> {
  const row = await db
    .selectFrom('approvals')
    .selectAll()
    .where('binding', '=', binding)
    // One that is alive comes before what is over, whatever clocks of two hosts say.
    .orderBy((order) => order.case().when('closed_at', 'is', null).then(0).else(1).end())
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && (await withAnswers(db, [row]))[0];
}

/** How many requests of a caller wait at `now`. */
export async function countPending(
  db: DatabaseOrTransaction,
  { iss, sub }: { readonly iss: string; readonly sub: string },
  now: number,
): Promise<number> {
  const { count } = await db
    .selectFrom('approvals')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('caller_iss', '=', iss)
    .where('caller_sub', '=', sub)
    .where('closed_at', 'is', null)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return count;
}

/** Which approvals are looked for. */
export interface ApprovalFilter {
  /** Those in which people can be asked; undefined for all. */
  readonly namespaces: readonly string[] | undefined;
  /** Waiting or granted, and not over at `now`. */
  readonly open: boolean;
  readonly now: number;
}

/** A page, the newest first. */
export async function pageOfApprovals(
  db: DatabaseOrTransaction,
  { namespaces, open, now }: ApprovalFilter,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly Approval[]> {
  let rows = db.selectFrom('approvals').selectAll().orderBy('id', 'desc').limit(limit);
  if (namespaces !== undefined) {
    if (namespaces.length === 0) return [];
    rows = rows.where('namespace', 'in', [...namespaces]);
  }
  if (open) rows = rows.where('closed_at', 'is', null).where('expires_at', '>', now);
  if (after !== undefined) rows = rows.where('id', '<', after);
  return await withAnswers(db, await rows.execute());
}

/** Of two who come with the same grant, one is let through: the gate is this update. */
export async function consumeGrant(db: DatabaseOrTransaction, id: string, now: number): Promise<boolean> {
  const updated = await db
    .updateTable('approvals')
    .set({ state: 'consumed', closed_at: now, sealed: null, key_id: null, notify_at: null })
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Adds what somebody said; false where they had said something already. */
export async function insertAnswer(
  db: DatabaseOrTransaction,
  approvalId: string,
  { decider, verdict, fills, decidedAt, messageId }: Answer & { readonly messageId: string | null },
): Promise<boolean> {
  const inserted = await db
    .insertInto('approval_decisions')
    .values({
      ...{ approval_id: approvalId, decider, verdict, fills: JSON.stringify(fills) },
      ...{ message_id: messageId, decided_at: decidedAt },
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** Grants a request that waits; the arguments have been seen, and are gone. */
export async function grantApproval(db: DatabaseOrTransaction, id: string, until: number): Promise<boolean> {
  const updated = await db
    .updateTable('approvals')
    .set({ state: 'approved', expires_at: until, sealed: null, key_id: null, notify_at: null })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Ends what waits or was granted; false where it was over. */
export async function closeApproval(
  db: DatabaseOrTransaction,
  id: string,
  ending: {
    readonly state: Extract<ApprovalState, 'refused' | 'expired' | 'cancelled'>;
    readonly reason: string | null;
    readonly now: number;
  },
): Promise<boolean> {
  const updated = await db
    .updateTable('approvals')
    .set({
      ...{ state: ending.state, reason: ending.reason, closed_at: ending.now },
      ...{ sealed: null, key_id: null, notify_at: null },
    })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Those that time has ended. */
export async function findOverdue(db: DatabaseOrTransaction, now: number, limit: number): Promise<readonly Approval[]> {
  const rows = await db
    .selectFrom('approvals')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  return await withAnswers(db, rows);
}

/** Removes those that were over before; gives how many. */
export async function forgetApprovals(db: DatabaseOrTransaction, before: number): Promise<number> {
  const deleted = await db.deleteFrom('approvals').where('closed_at', '<', before).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** A request of which somebody elsewhere is to be told. */
export interface Due {
  readonly id: string;
  readonly notifyAt: number;
  readonly attempts: number;
}

export async function findDue(db: DatabaseOrTransaction, now: number, limit: number): Promise<readonly Due[]> {
  const rows = await db
    .selectFrom('approvals')
    .select(['id', 'notify_at', 'notify_attempts'])
    .where('notify_at', '<=', now)
    .where('state', '=', 'pending')
    .orderBy('notify_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ id: row.id, notifyAt: row.notify_at as number, attempts: row.notify_attempts }));
}

/** Takes one in hand until `until`: of several processes one tells. */
export async function leaseDue(db: DatabaseOrTransaction, due: Due, until: number): Promise<boolean> {
  const updated = await db
    .updateTable('approvals')
    .set({ notify_at: until, notify_attempts: due.attempts + 1 })
    .where('id', '=', due.id)
    .where('notify_at', '=', due.notifyAt)
    .where('notify_attempts', '=', due.attempts)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** When it is told of again; null for never. */
export async function setNotifyAt(db: DatabaseOrTransaction, id: string, at: number | null): Promise<void> {
  await db
    .updateTable('approvals')
    .set({ notify_at: at })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .execute();
}

async function withAnswers(db: DatabaseOrTransaction, rows: readonly ApprovalsTable[]): Promise<readonly Approval[]> {
  if (rows.length === 0) return [];
  const said = await db
    .selectFrom('approval_decisions')
    .selectAll()
    .where(
      'approval_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('decided_at')
    .execute();
  const answers = Map.groupBy(said, (one) => one.approval_id);
  return rows.map((row) =>
    toApproval(
      row,
      (answers.get(row.id) ?? []).map((one) => ({
        ...{ decider: one.decider, verdict: one.verdict, decidedAt: one.decided_at },
        fills: JSON.parse(one.fills) as readonly string[],
      })),
    ),
  );
}

const toApproval = (row: ApprovalsTable, answers: readonly Answer[]): Approval => ({
  ...{ id: row.id, namespace: row.namespace, tool: row.tool, pin: row.pin, binding: row.binding },
  shown: JSON.parse(row.shown) as Approval['shown'],
  argumentsDigest: row.arguments_digest,
  asker: {
    ...{ kind: row.caller_kind, iss: row.caller_iss, sub: row.caller_sub, client: row.caller_client },
    act: JSON.parse(row.caller_act) as Approval['asker']['act'],
  },
  responsible: row.responsible,
  needs: JSON.parse(row.needs) as readonly string[],
  ...{ sealed: row.sealed, state: row.state, reason: row.reason },
  ...{ createdAt: row.created_at, expiresAt: row.expires_at, closedAt: row.closed_at, answers },
});

/** The place that the arguments of a call are sealed for. */
export const argumentsPlace = ({ id, namespace, tool }: Pick<Approval, 'id' | 'namespace' | 'tool'>): Place => ({
  ...{ table: 'approvals', column: 'sealed', row: id },
  owner: `${namespace}/${tool}`,
});

/** The arguments, for the rotation of the keys that seal them. */
export const approvalArgumentsColumn: SealedColumn = {
  async sealedWith(db, keyId, limit) {
    const rows = await db
      .selectFrom('approvals')
      .select(['id', 'namespace', 'tool', 'sealed'])
      .where('key_id', '=', keyId)
      .where('sealed', 'is not', null)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ place: argumentsPlace(row), text: row.sealed as string }));
  },
  async replace(db, row, text, keyId) {
    const updated = await db
      .updateTable('approvals')
      .set({ sealed: text, key_id: keyId })
      .where('id', '=', row.place.row)
      .where('sealed', '=', row.text)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  },
};
