import type { AlertsTable, DatabaseOrTransaction } from '#db';
import type { AlertKind, Profile } from '../anomalies/profile.ts';

export interface Alert {
  readonly id: string;
  readonly kind: AlertKind;
  readonly namespace: string;
  readonly principal: string;
  readonly tool: string;
  readonly seen: string;
  readonly usual: string;
  readonly recordId: string | undefined;
  readonly raisedAt: number;
  readonly acknowledgedAt: number | undefined;
  readonly acknowledgedBy: string | undefined;
  readonly note: string;
}

/** Writes it unless there was one of the caller and kind within the cooldown; gives whether it did. */
export async function raiseAlert(
  db: DatabaseOrTransaction,
  alert: Alert,
  { cooldownMs, isTold }: { readonly cooldownMs: number; readonly isTold: boolean },
): Promise<boolean> {
  const lately = await db
    .selectFrom('alerts')
    .select('id')
    .where('principal', '=', alert.principal)
    .where('kind', '=', alert.kind)
    .where('raised_at', '>', alert.raisedAt - cooldownMs)
    .executeTakeFirst();
  if (lately !== undefined) return false;
  // Two processes that see it at once agree by the window, since neither sees the other's row.
  const written = await db
    .insertInto('alerts')
    .values({
      ...{ id: alert.id, kind: alert.kind, namespace: alert.namespace, principal: alert.principal, tool: alert.tool },
      ...{ seen: alert.seen, usual: alert.usual, record_id: null, raised_at: alert.raisedAt, note: '' },
      ...{ alert_window: Math.floor(alert.raisedAt / cooldownMs), acknowledged_at: null, acknowledged_by: null },
      ...{ told: '', notify_at: isTold ? alert.raisedAt : null, attempts: 0 },
    })
    .onConflict((conflict) => conflict.columns(['principal', 'kind', 'alert_window']).doNothing())
    .executeTakeFirst();
  return (written.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function setAlertRecord(db: DatabaseOrTransaction, id: string, recordId: string): Promise<void> {
  await db.updateTable('alerts').set({ record_id: recordId }).where('id', '=', id).execute();
}

export async function findAlert(db: DatabaseOrTransaction, id: string): Promise<Alert | undefined> {
  const row = await db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toAlert(row);
}

/** An alert of which somebody has not been told. */
export interface Untold {
  readonly alert: Alert;
  readonly attempts: number;
  readonly notifyAt: number;
  /** Receivers that know of it. */
  readonly told: readonly string[];
}

/** Alerts that a receiver has to be told of now, the oldest first. */
export async function findUntold(db: DatabaseOrTransaction, now: number, limit: number): Promise<readonly Untold[]> {
  const rows = await db
    .selectFrom('alerts')
    .selectAll()
    .where('notify_at', '<=', now)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    alert: toAlert(row),
    ...{ attempts: row.attempts, notifyAt: row.notify_at as number },
    told: row.told.split(' ').filter((name) => name !== ''),
  }));
}

/** Takes an alert to tell of it; gives whether it was not taken by another process meanwhile. */
export async function leaseUntold(
  db: DatabaseOrTransaction,
  { id, notifyAt, until }: { readonly id: string; readonly notifyAt: number; readonly until: number },
): Promise<boolean> {
  const taken = await db
    .updateTable('alerts')
    .set((row) => ({ notify_at: until, attempts: row('attempts', '+', 1) }))
    .where('id', '=', id)
    .where('notify_at', '=', notifyAt)
    .executeTakeFirst();
  return taken.numUpdatedRows > 0n;
}

/** Who knows of it by now. */
export async function setKnowing(db: DatabaseOrTransaction, id: string, told: readonly string[]): Promise<void> {
  await db
    .updateTable('alerts')
    .set({ told: told.join(' ') })
    .where('id', '=', id)
    .execute();
}

/** When it is told next; null when it is known, or given up. */
export async function setTold(db: DatabaseOrTransaction, id: string, notifyAt: number | null): Promise<void> {
  await db.updateTable('alerts').set({ notify_at: notifyAt }).where('id', '=', id).execute();
}

/** The newest first. */
export async function pageOfAlerts(
  db: DatabaseOrTransaction,
  filter: {
    readonly namespaces: readonly string[] | 'all';
    readonly kind?: string | undefined;
    readonly principal?: string | undefined;
    readonly isOpen?: boolean | undefined;
    readonly before: string | undefined;
    readonly limit: number;
  },
): Promise<readonly Alert[]> {
  const { namespaces, kind, principal, isOpen, before, limit } = filter;
  let rows = db.selectFrom('alerts').selectAll();
  if (namespaces !== 'all') rows = rows.where('namespace', 'in', namespaces.length === 0 ? [''] : [...namespaces]);
  if (kind !== undefined) rows = rows.where('kind', '=', kind);
  if (principal !== undefined) rows = rows.where('principal', '=', principal);
  if (isOpen !== undefined) rows = rows.where('acknowledged_at', isOpen ? 'is' : 'is not', null);
  if (before !== undefined) rows = rows.where('id', '<', before);
  return (await rows.orderBy('id', 'desc').limit(limit).execute()).map(toAlert);
}

/** Twice keeps the first. */
export async function acknowledgeAlert(
  db: DatabaseOrTransaction,
  id: string,
  { at, by, note }: { readonly at: number; readonly by: string; readonly note: string },
): Promise<void> {
  await db
    .updateTable('alerts')
    .set({ acknowledged_at: at, acknowledged_by: by, note })
    .where('id', '=', id)
    .where('acknowledged_at', 'is', null)
    .execute();
}

export async function readProfile(db: DatabaseOrTransaction, principal: string): Promise<Profile | undefined> {
  const row = await db
    .selectFrom('anomaly_profiles')
    .select('profile')
    .where('principal', '=', principal)
    .executeTakeFirst();
  return row && (JSON.parse(row.profile) as Profile);
}

export async function writeProfile(
  db: DatabaseOrTransaction,
  principal: string,
  profile: Profile,
  at: number,
): Promise<void> {
  const values = { profile: JSON.stringify(profile), saved_at: at };
  await db
    .insertInto('anomaly_profiles')
    .values({ principal, ...values })
    .onConflict((conflict) => conflict.column('principal').doUpdateSet(values))
    .execute();
}

/** What is known of the ways of a person goes with them. */
export async function forgetWaysOf(db: DatabaseOrTransaction, principal: string): Promise<void> {
  await db.deleteFrom('anomaly_profiles').where('principal', '=', principal).execute();
  await db.deleteFrom('alerts').where('principal', '=', principal).execute();
}

/** Profiles of callers who did not come any more, and alerts that are old. */
export async function forgetWaysBefore(db: DatabaseOrTransaction, before: number): Promise<void> {
  await db.deleteFrom('anomaly_profiles').where('saved_at', '<', before).execute();
  await db.deleteFrom('alerts').where('raised_at', '<', before).execute();
}

const toAlert = (row: AlertsTable): Alert => ({
  ...{ id: row.id, kind: row.kind as AlertKind, namespace: row.namespace, principal: row.principal, tool: row.tool },
  ...{ seen: row.seen, usual: row.usual, raisedAt: row.raised_at, note: row.note },
  recordId: row.record_id ?? undefined,
  acknowledgedAt: row.acknowledged_at ?? undefined,
  acknowledgedBy: row.acknowledged_by ?? undefined,
});
