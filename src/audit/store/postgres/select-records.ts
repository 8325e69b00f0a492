import { sql } from 'kysely';
import type { AuditRecordsTable, DatabaseOrTransaction } from '#db';
import type { AuditFilter, PlacedQuery } from '../query.ts';
import { storable } from './records-store.ts';

/** Filters that are equality with a column. */
const COLUMNS: Readonly<Record<Exclude<keyof AuditFilter, 'subject' | 'from' | 'to'>, keyof AuditRecordsTable>> = {
  id: 'id',
  actor: 'actor',
  issuer: 'issuer',
  class: 'class',
  type: 'type',
  action: 'action',
  objectKind: 'object_kind',
  namespace: 'namespace',
  object: 'object',
  objectId: 'object_id',
  outcome: 'outcome',
  requestId: 'request_id',
  argumentsDigest: 'arguments_digest',
};

/** Canonical texts, newest first, with one more than was asked for when there is more. */
export async function selectRecords(
  db: DatabaseOrTransaction,
  { filter, limit, after }: PlacedQuery,
): Promise<readonly string[]> {
  let query = db.selectFrom('audit_records').select('canonical');
  for (const [field, column] of Object.entries(COLUMNS)) {
    const wanted = filter[field as keyof typeof COLUMNS];
    if (wanted !== undefined) query = query.where(column, '=', storable(wanted));
  }
  const { subject, from, to, outcome } = filter;
  if (subject !== undefined) {
    const who = storable(subject);
    query = query.where((where) =>
      where.or([
        where('actor', '=', who),
        sql<boolean>`(writer, seq) in (select writer, seq from audit_subjects where subject = ${who})`,
      ]),
    );
  }
  if (from !== undefined) query = query.where('time', '>=', from);
  if (to !== undefined) query = query.where('time', '<', to);
  // Said in so many words, or the index of what did not succeed would not be looked at.
  if (outcome !== undefined && outcome !== 'success') query = query.where('outcome', '<>', 'success');
  if (after) query = query.where(sql<boolean>`(time, writer, seq) < (${after[0]}, ${after[1]}, ${after[2]})`);
  const rows = await query
    .orderBy('time', 'desc')
    .orderBy('writer', 'desc')
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  return rows.map(({ canonical }) => canonical);
}
