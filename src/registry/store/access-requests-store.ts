import type { AccessRequestsTable, DatabaseOrTransaction } from '#db';
import type { AccessRequest, AccessState } from '../access/access-request.ts';

export interface AccessFilter {
  /** Those of a requester or subject, and those in namespaces; undefined for all. */
  readonly ownOr?: { readonly id: string; readonly namespaces: readonly string[] } | undefined;
  readonly namespace?: string | undefined;
  readonly tool?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly state?: AccessState | undefined;
}

/** Adds a request; one that is pending for the same subject and tool breaks an index: look first. */
export async function insertRequest(db: DatabaseOrTransaction, request: AccessRequest): Promise<void> {
  const { subject } = request;
  await db
    .insertInto('access_requests')
    .values({
      ...{ id: request.id, namespace: request.namespace, tool: request.tool },
      ...{ subject_kind: subject.kind, subject_id: subject.id, subject_name: subject.name },
      ...{ requested_by: request.requestedBy, policy: request.policy, justification: request.justification },
      ...{ state: request.state, reviewed_by: request.reviewedBy, notes: request.notes },
      ...{ created_policy: request.createdPolicy, access_ends_at: request.accessEndsAt },
      ...{ created_at: request.createdAt, decided_at: request.decidedAt },
    })
    .execute();
}

export async function findRequest(db: DatabaseOrTransaction, id: string): Promise<AccessRequest | undefined> {
  const row = await db.selectFrom('access_requests').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRequest(row);
}

/** The undecided one for that subject and tool. */
export async function findPending(
  db: DatabaseOrTransaction,
  of: { readonly namespace: string; readonly tool: string; readonly subjectId: string },
): Promise<AccessRequest | undefined> {
  const row = await db
    .selectFrom('access_requests')
    .selectAll()
    .where('namespace', '=', of.namespace)
    .where('tool', '=', of.tool)
    .where('subject_id', '=', of.subjectId)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return row && toRequest(row);
}

export async function countPending(db: DatabaseOrTransaction, requestedBy: string): Promise<number> {
  const { count } = await db
    .selectFrom('access_requests')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('requested_by', '=', requestedBy)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The single gate of a decision: true for exactly one of all who decide. */
export async function decideRequest(
  db: DatabaseOrTransaction,
  id: string,
  decision: Pick<AccessRequest, 'state' | 'reviewedBy' | 'notes' | 'accessEndsAt' | 'decidedAt'>,
): Promise<boolean> {
  const updated = await db
    .updateTable('access_requests')
    .set({
      ...{ state: decision.state, reviewed_by: decision.reviewedBy, notes: decision.notes },
      ...{ access_ends_at: decision.accessEndsAt, decided_at: decision.decidedAt },
    })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

export async function setCreatedPolicy(db: DatabaseOrTransaction, id: string, policy: string): Promise<void> {
  await db.updateTable('access_requests').set({ created_policy: policy }).where('id', '=', id).execute();
}

/** Takes an approval back that came to nothing. */
export async function reopenRequest(db: DatabaseOrTransaction, id: string): Promise<void> {
  await db
    .updateTable('access_requests')
    .set({ state: 'pending', reviewed_by: null, notes: null, access_ends_at: null, decided_at: null })
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('created_policy', 'is', null)
    .execute();
}

/** Takes the words of a person away: their reasons, and what they noted about others. Gives how many rows had any. */
export async function forgetWordsOf(db: DatabaseOrTransaction, userId: string): Promise<number> {
  const asked = await db
    .updateTable('access_requests')
    .set({ justification: '', policy: null })
    .where('requested_by', '=', userId)
    .where((where) => where.or([where('justification', '<>', ''), where('policy', 'is not', null)]))
    .executeTakeFirst();
  const noted = await db
    .updateTable('access_requests')
    .set({ notes: null })
    .where('reviewed_by', '=', userId)
    .where('notes', 'is not', null)
    .executeTakeFirst();
  return Number(asked.numUpdatedRows + noted.numUpdatedRows);
}

/** By age, after the one of that id. */
export async function listRequests(
  db: DatabaseOrTransaction,
  { ownOr, namespace, tool, subjectId, state }: AccessFilter,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly AccessRequest[]> {
  const rows = await db
    .selectFrom('access_requests')
    .selectAll()
    .$if(ownOr !== undefined, (query) =>
      query.where((where) => {
        const { id, namespaces } = ownOr as NonNullable<AccessFilter['ownOr']>;
        const own = [where('requested_by', '=', id), where('subject_id', '=', id)];
        return where.or(namespaces.length === 0 ? own : [...own, where('namespace', 'in', namespaces as string[])]);
      }),
    )
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .$if(tool !== undefined, (query) => query.where('tool', '=', tool as string))
    .$if(subjectId !== undefined, (query) => query.where('subject_id', '=', subjectId as string))
    .$if(state !== undefined, (query) => query.where('state', '=', state as AccessState))
    .$if(page.after !== undefined, (query) => query.where('id', '>', page.after as string))
    .orderBy('id')
    .limit(page.limit)
    .execute();
  return rows.map(toRequest);
}

const toRequest = (row: AccessRequestsTable): AccessRequest => ({
  ...{ id: row.id, namespace: row.namespace, tool: row.tool },
  subject: { kind: row.subject_kind, id: row.subject_id, name: row.subject_name },
  ...{ requestedBy: row.requested_by, policy: row.policy, justification: row.justification },
  ...{ state: row.state, reviewedBy: row.reviewed_by, notes: row.notes },
  ...{ createdPolicy: row.created_policy, accessEndsAt: row.access_ends_at },
  ...{ createdAt: row.created_at, decidedAt: row.decided_at },
});
