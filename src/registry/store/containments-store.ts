import type { ContainmentsTable, DatabaseOrTransaction } from '#db';
import type { Containment, SignedContainmentReport } from '../contain/containment.ts';

export interface ServingProcess {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly seenAt: number;
}

export interface Confirmation {
  readonly process: string;
  readonly confirmedAt: number;
  readonly stoppedCalls: number;
}

export async function insertContainment(db: DatabaseOrTransaction, one: Containment): Promise<void> {
  await db
    .insertInto('containments')
    .values({
      ...{ id: one.id, kind: one.kind, namespace: one.namespace, target: one.target, name: one.name },
      ...{ reason: one.reason, begun_at: one.begunAt, begun_by: one.begunBy, acknowledged_at: null },
      ...{ subjects: JSON.stringify(one.subjects), disabled_here: one.disabledHere ? 1 : 0 },
      ...{ released_at: null, released_by: null, report: null },
    })
    .execute();
}

export async function findContainment(db: DatabaseOrTransaction, id: string): Promise<Containment | undefined> {
  const row = await db.selectFrom('containments').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toContainment(row);
}

/** Those that were not released. */
export async function listInForce(db: DatabaseOrTransaction): Promise<readonly Containment[]> {
  const rows = await db.selectFrom('containments').selectAll().where('released_at', 'is', null).orderBy('id').execute();
  return rows.map(toContainment);
}

/** The newest first, `limit` of them. */
export async function pageOfContainments(
  db: DatabaseOrTransaction,
  namespaces: readonly string[] | 'all',
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<readonly Containment[]> {
  let rows = db.selectFrom('containments').selectAll();
  if (namespaces !== 'all') rows = rows.where('namespace', 'in', namespaces.length === 0 ? [''] : [...namespaces]);
  if (before !== undefined) rows = rows.where('id', '<', before);
  return (await rows.orderBy('id', 'desc').limit(limit).execute()).map(toContainment);
}

export async function setReport(
  db: DatabaseOrTransaction,
  id: string,
  { report, acknowledgedAt }: { readonly report: SignedContainmentReport; readonly acknowledgedAt: number | null },
): Promise<void> {
  const values = { report: JSON.stringify(report), acknowledged_at: acknowledgedAt };
  await db.updateTable('containments').set(values).where('id', '=', id).execute();
}

/** Whether it was in force until now. */
export async function releaseContainment(
  db: DatabaseOrTransaction,
  id: string,
  { at, by }: { readonly at: number; readonly by: string },
): Promise<boolean> {
  const changed = await db
    .updateTable('containments')
    .set({ released_at: at, released_by: by })
    .where('id', '=', id)
    .where('released_at', 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

/** Says that nothing of it goes on in that process. */
export async function confirm(db: DatabaseOrTransaction, containment: string, one: Confirmation): Promise<void> {
  await db
    .insertInto('containment_confirmations')
    .values({
      ...{ containment_id: containment, process_id: one.process },
      ...{ confirmed_at: one.confirmedAt, stopped_calls: one.stoppedCalls },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function listConfirmations(db: DatabaseOrTransaction, id: string): Promise<readonly Confirmation[]> {
  const rows = await db.selectFrom('containment_confirmations').selectAll().where('containment_id', '=', id).execute();
  return rows.map((row) => ({
    ...{ process: row.process_id, confirmedAt: row.confirmed_at, stoppedCalls: row.stopped_calls },
  }));
}

export async function announceProcess(db: DatabaseOrTransaction, one: ServingProcess): Promise<void> {
  await db
    .insertInto('serving_processes')
    .values({ id: one.id, host: one.host, pid: one.pid, started_at: one.seenAt, seen_at: one.seenAt })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at: one.seenAt }))
    .execute();
}

export async function forgetProcess(db: DatabaseOrTransaction, id: string): Promise<void> {
  await db.deleteFrom('serving_processes').where('id', '=', id).execute();
}

/** Takes away those that gave no sign of life since. */
export async function forgetProcessesBefore(db: DatabaseOrTransaction, seenAt: number): Promise<void> {
  await db.deleteFrom('serving_processes').where('seen_at', '<', seenAt).execute();
}

export async function listProcesses(db: DatabaseOrTransaction, seenSince: number): Promise<readonly ServingProcess[]> {
  const rows = await db
    .selectFrom('serving_processes')
    .selectAll()
    .where('seen_at', '>=', seenSince)
    .orderBy('id')
    .execute();
  return rows.map(({ id, host, pid, seen_at: seenAt }) => ({ id, host, pid, seenAt }));
}

const toContainment = (row: ContainmentsTable): Containment => ({
  ...{ id: row.id, kind: row.kind, namespace: row.namespace, target: row.target, name: row.name, reason: row.reason },
  subjects: JSON.parse(row.subjects) as string[],
  disabledHere: row.disabled_here === 1,
  ...{ begunAt: row.begun_at, begunBy: row.begun_by },
  acknowledgedAt: row.acknowledged_at ?? undefined,
  releasedAt: row.released_at ?? undefined,
  report: row.report === null ? undefined : (JSON.parse(row.report) as SignedContainmentReport),
});
