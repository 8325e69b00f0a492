import { sql } from 'kysely';
import { sha256Hex } from '#kernel';
import type { AuditRecord } from '#contract';
import type { DatabaseOrTransaction, DatabaseSession } from '#db';
import { parseRecordLine, type Head } from '../../chain/chain.ts';
import type { SealedBatch } from '../../chain/seal.ts';
import { columnsOf, otherSubjects } from '../columns.ts';

export interface StoredEntry {
  readonly seq: number;
  readonly hash: string;
  readonly canonical: string;
}

/** The installation's id: the one that is there, else this one. */
export async function installationId(db: DatabaseOrTransaction, id: string): Promise<string> {
  await db
    .insertInto('audit_installation')
    .values({ one: 1, id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await db.selectFrom('audit_installation').select('id').executeTakeFirstOrThrow()).id;
}

export async function existingInstallation(db: DatabaseOrTransaction): Promise<string | undefined> {
  return (await db.selectFrom('audit_installation').select('id').executeTakeFirst())?.id;
}

export async function addWriter(db: DatabaseOrTransaction, writer: { id: string; created_at: number }): Promise<void> {
  await db.insertInto('audit_writers').values(writer).execute();
}

export async function listWriterIds(db: DatabaseOrTransaction): Promise<readonly string[]> {
  const rows = await db.selectFrom('audit_writers').select('id').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

/** The chains that nobody continues. */
export async function closedChains(db: DatabaseOrTransaction): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('audit_closed_chains').select('writer').execute();
  return new Set(rows.map(({ writer }) => writer));
}

/** The last records of a chain, last first. */
export async function lastEntries(
  db: DatabaseOrTransaction,
  writer: string,
  count: number,
): Promise<readonly StoredEntry[]> {
  return await db
    .selectFrom('audit_records')
    .select(['seq', 'hash', 'canonical'])
    .where('writer', '=', writer)
    .orderBy('seq', 'desc')
    .limit(count)
    .execute();
}

/** Records of a stretch of a chain, in order. */
export async function readEntries(
  db: DatabaseOrTransaction,
  writer: string,
  { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly StoredEntry[]> {
  return await db
    .selectFrom('audit_records')
    .select(['seq', 'hash', 'canonical'])
    .where('writer', '=', writer)
    .where('seq', '>', after)
    .where('seq', '<=', upTo)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** The last number of each chain. */
export async function lastSeqs(db: DatabaseOrTransaction): Promise<readonly (readonly [string, number])[]> {
  const rows = await db
    .selectFrom('audit_writers')
    .select('id')
    .select((writer) =>
      writer
        .selectFrom('audit_records')
        .select(({ fn }) => fn.max('seq').as('last'))
        .whereRef('audit_records.writer', '=', 'audit_writers.id')
        .as('last'),
    )
    .execute();
  return rows.map(({ id, last }) => [id, last ?? 0]);
}

export async function lastHead(session: DatabaseSession, writer: string): Promise<Head | undefined> {
  const [row] = await session.query<Head>(
    'select seq, hash from audit_records where writer = $1 order by seq desc limit 1',
    [writer],
  );
  return row;
}

export async function hashAt(session: DatabaseSession, writer: string, seq: number): Promise<string | undefined> {
  const [row] = await session.query<{ hash: string }>('select hash from audit_records where writer = $1 and seq = $2', [
    writer,
    seq,
  ]);
  return row?.hash;
}

/** Columns of `audit_records`, in the order in which `valuesOf` gives them. */
const COLUMNS = [
  'writer',
  'seq',
  'hash',
  'canonical',
  'id',
  'time',
  'actor',
  'issuer',
  'class',
  'type',
  'action',
  'object_kind',
  'namespace',
  'object',
  'object_id',
  'outcome',
  'request_id',
  'arguments_digest',
] as const;

// One statement is one commit. Arrays instead of a thousand parameters: the statement is always the same.
const INSERT = `
  with given as (
    select * from unnest(${COLUMNS.map((column, at) => `$${at + 1}::${column === 'seq' ? 'bigint' : 'text'}[]`).join(', ')})
      as given (${COLUMNS.join(', ')})
  ), people as (
    insert into audit_subjects (subject, writer, seq)
    select * from unnest($${COLUMNS.length + 1}::text[], $${COLUMNS.length + 2}::text[], $${COLUMNS.length + 3}::bigint[])
  )
  insert into audit_records (${COLUMNS.join(', ')}) select ${COLUMNS.join(', ')} from given`;

/** Stores a batch in one commit, or rejects; then it may be there or not, see `PostgresWriter`. */
export async function insertBatch(session: DatabaseSession, writer: string, batch: SealedBatch): Promise<void> {
  const rows: (readonly (string | number | null)[])[] = [];
  const people: { subject: string; seq: number }[] = [];
  for (const line of batch.lines.toString('utf8').split('\n')) {
    const stored = parseRecordLine(line);
    if (!stored) continue;
    const record = JSON.parse(stored.canonical) as AuditRecord;
    rows.push(valuesOf(record, stored.hash, stored.canonical));
    for (const subject of otherSubjects(record)) people.push({ subject: storable(subject), seq: record.seq });
  }
  await session.query(INSERT, [
    ...COLUMNS.map((_, at) => rows.map((row) => row[at])),
    people.map(({ subject }) => subject),
    people.map(() => writer),
    people.map(({ seq }) => seq),
  ]);
}

function valuesOf(record: AuditRecord, hash: string, canonical: string): readonly (string | number | null)[] {
  const { writer, seq, ...rest } = columnsOf(record);
  const { id, time, actor, issuer, type, action, objectKind, namespace, object, objectId, outcome, requestId } = rest;
  const asked = [
    id,
    time,
    actor,
    issuer,
    rest.class,
    type,
    action,
    objectKind,
    namespace,
    object,
    objectId,
    outcome,
    requestId,
    rest.argumentsDigest,
  ];
  return [writer, seq, hash, canonical, ...asked.map((text) => (text === null ? null : storable(text)))];
}

/** PostgreSQL has no text with U+0000; the canonical text has it escaped. Questions are asked likewise. */
export const storable = (text: string): string => text.replaceAll('\0', '\ufffd');

/**
 * The last record of a chain, at `limit` or before it, up to which all are of before a moment. By the order of
 * the chain, not by the clock: one reading that was wrong must not make what is young old.
 */
export async function lastBefore(
  db: DatabaseOrTransaction,
  writer: string,
  before: string,
  limit: number,
): Promise<Head | undefined> {
  const young = await db
    .selectFrom('audit_records')
    .select('seq')
    .where('writer', '=', writer)
    .where('time', '>=', before)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  return await db
    .selectFrom('audit_records')
    .select(['seq', 'hash'])
    .where('writer', '=', writer)
    .where('seq', '<=', Math.min(limit, (young?.seq ?? Number.MAX_SAFE_INTEGER) - 1))
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}

const REMOVED_AT_ONCE = 10_000;

/** Removes a chain's records up to one, in pieces that do not hold others up. */
export async function removeEntries(session: DatabaseSession, writer: string, upTo: number): Promise<void> {
  for (const table of ['audit_subjects', 'audit_records']) {
    // Whether it may is asked before anything is done, and also when there is nothing to do.
    await session.query(`delete from ${table} where false`);
    const [first] = await session.query<{ seq: number | null }>(
      `select min(seq) as seq from ${table} where writer = $1 and seq <= $2`,
      [writer, upTo],
    );
    for (let from = first?.seq ?? upTo + 1; from <= upTo; from += REMOVED_AT_ONCE) {
      await session.query(`delete from ${table} where writer = $1 and seq >= $2 and seq < $3 and seq <= $4`, [
        writer,
        from,
        from + REMOVED_AT_ONCE,
        upTo,
      ]);
    }
  }
}

const LINES = 500;

/** No checkpoint of ours has a higher number. */
const LAST_PLACE = Number.MAX_SAFE_INTEGER;

export async function* listCheckpointLines(db: DatabaseOrTransaction, after: number): AsyncGenerator<string> {
  for (let last: { readonly place: number; readonly digest: string } | undefined; ;) {
    const rows = await db
      .selectFrom('audit_checkpoint_lines')
      .selectAll()
      .where('place', '<=', LAST_PLACE)
      .where(last ? sql<boolean>`(place, digest) > (${last.place}, ${last.digest})` : sql<boolean>`place > ${after}`)
      .orderBy('place')
      .orderBy('digest')
      .limit(LINES)
      .execute();
    for (const { line } of rows) yield line;
    if (rows.length < LINES) return;
    last = rows.at(-1);
  }
}

/** The rows of checkpoints, last first: the first is nearly always the one. */
export async function* checkpointsFromEnd(
  db: DatabaseOrTransaction,
): AsyncGenerator<{ readonly place: number; readonly line: string }> {
  for (let limit = 1, offset = 0; ; offset += limit, limit = LINES) {
    const rows = await db
      .selectFrom('audit_checkpoint_lines')
      .select(['place', 'line'])
      .where('place', '<=', LAST_PLACE)
      .orderBy('place', 'desc')
      .orderBy('digest')
      .limit(limit)
      .offset(offset)
      .execute();
    yield* rows;
    if (rows.length < limit) return;
  }
}

/** At the place of its number. The digest is in the key, or who may insert could occupy the next place. */
export async function addCheckpoint(
  session: DatabaseSession,
  { place, line }: { readonly place: number; readonly line: string },
): Promise<void> {
  await session.query('insert into audit_checkpoint_lines (place, digest, line) values ($1, $2, $3)', [
    place,
    sha256Hex(line),
    line,
  ]);
}
