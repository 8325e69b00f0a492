import type { DatabaseOrTransaction, ToolPinsTable } from '#db';
import { isRecord, type JsonObject } from '#kernel';
import type { Finding } from '../pins/findings.ts';
import type { Pin, PinStanding, ToolName } from '../pins/pin.ts';
import type { PendingTerms } from '../pins/second-person.ts';

const STANDING = ['namespace', 'name', 'state', 'why', 'digest', 'pending_digest', 'generation'] as const;

/** How every pin stands, without the definitions. */
export async function listStandings(db: DatabaseOrTransaction): Promise<readonly PinStanding[]> {
  const rows = await db.selectFrom('tool_pins').select(STANDING).execute();
  return rows.map(toStanding);
}

export async function findPin(db: DatabaseOrTransaction, { namespace, name }: ToolName): Promise<Pin | undefined> {
  const row = await db
    .selectFrom('tool_pins')
    .selectAll()
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && toPin(row);
}

/** Writes a pin in the place of what was there. */
export async function putPin(db: DatabaseOrTransaction, pin: Pin): Promise<void> {
  const row = toRow(pin);
  const { namespace: _, name: __, ...changed } = row;
  await db
    .insertInto('tool_pins')
    .values(row)
    .onConflict((conflict) => conflict.columns(['namespace', 'name']).doUpdateSet(changed))
    .execute();
}

const toStanding = (row: Pick<ToolPinsTable, (typeof STANDING)[number]>): PinStanding => ({
  namespace: row.namespace,
  name: row.name,
  state: row.state,
  why: row.why as PinStanding['why'],
  digest: row.digest ?? undefined,
  pendingDigest: row.pending_digest ?? undefined,
  generation: row.generation,
});

const toPin = (row: ToolPinsTable): Pin => ({
  ...toStanding(row),
  definition: parsed(row.definition),
  approvedBy: row.approved_by ?? undefined,
  approvedAt: row.approved_at ?? undefined,
  pendingDefinition: parsed(row.pending_definition),
  pendingAuthor: row.pending_author ?? undefined,
  pendingTerms: row.pending_terms === null ? undefined : (JSON.parse(row.pending_terms) as PendingTerms),
  findings: JSON.parse(row.findings) as readonly Finding[],
  note: row.note,
  changedAt: row.changed_at,
});

const toRow = (pin: Pin): ToolPinsTable => ({
  namespace: pin.namespace,
  name: pin.name,
  state: pin.state,
  why: pin.why,
  digest: pin.digest ?? null,
  definition: pin.definition === undefined ? null : JSON.stringify(pin.definition),
  approved_by: pin.approvedBy ?? null,
  approved_at: pin.approvedAt ?? null,
  pending_digest: pin.pendingDigest ?? null,
  pending_definition: pin.pendingDefinition === undefined ? null : JSON.stringify(pin.pendingDefinition),
  pending_author: pin.pendingAuthor ?? null,
  pending_terms: pin.pendingTerms === undefined ? null : JSON.stringify(pin.pendingTerms),
  findings: JSON.stringify(pin.findings),
  note: pin.note,
  generation: pin.generation,
  changed_at: pin.changedAt,
});

function parsed(text: string | null): JsonObject | undefined {
  const value: unknown = text === null ? undefined : JSON.parse(text);
  return isRecord(value) ? (value as JsonObject) : undefined;
}
