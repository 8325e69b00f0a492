import type { AuditFilter } from '../query.ts';

/**
 * The index: one row a record, with the columns that questions ask for and the place of its line. It
 * knows nothing that the segments do not say, so it is thrown away rather than repaired.
 */
export const SCHEMA_VERSION = 2;

export const SCHEMA = `
  create table records (
    writer text not null,
    seq integer not null,
    id text not null,
    time text not null,
    actor text, issuer text, class text, type text, action text,
    object_kind text, namespace text, object text, object_id text,
    outcome text, request_id text, arguments_digest text,
    segment integer not null, offset integer not null, length integer not null,
    primary key (writer, seq)
  ) without rowid;
  create index records_time on records (time, writer, seq);
  create index records_actor on records (actor, time);
  create index records_object on records (object, time);
  create index records_object_id on records (object_id, time) where object_id is not null;
  create index records_request on records (request_id) where request_id is not null;
  create index records_trouble on records (outcome, time) where outcome <> 'success';
  create table subjects (
    subject text not null,
    writer text not null,
    seq integer not null,
    primary key (subject, writer, seq)
  ) without rowid;
  create index subjects_record on subjects (writer, seq);
  create table places (
    writer text primary key,
    segment integer not null,
    offset integer not null,
    last_offset integer not null,
    last_mark text not null
  ) without rowid;
  pragma user_version = ${SCHEMA_VERSION};
`;

export const INSERT = `
  insert or replace into records values (
    :writer, :seq, :id, :time, :actor, :issuer, :class, :type, :action, :objectKind, :namespace, :object, :objectId,
    :outcome, :requestId, :argumentsDigest, :segment, :offset, :length
  )`;

export const INSERT_SUBJECT = 'insert or ignore into subjects values (:subject, :writer, :seq)';

const CONDITIONS: Readonly<Record<keyof AuditFilter, string>> = {
  id: 'id = :id',
  actor: 'actor = :actor',
  issuer: 'issuer = :issuer',
  class: 'class = :class',
  type: 'type = :type',
  action: 'action = :action',
  objectKind: 'object_kind = :objectKind',
  namespace: 'namespace = :namespace',
  object: 'object = :object',
  objectId: 'object_id = :objectId',
  subject: '(actor = :subject or (writer, seq) in (select writer, seq from subjects where subject = :subject))',
  outcome: 'outcome = :outcome',
  requestId: 'request_id = :requestId',
  argumentsDigest: 'arguments_digest = :argumentsDigest',
  from: 'time >= :from',
  to: 'time < :to',
};

/** The statement for the filters that are given; values are always bound. */
export function selectPlaces(filter: AuditFilter, afterCursor: boolean): string {
  const conditions = Object.entries(CONDITIONS)
    .filter(([field]) => filter[field as keyof AuditFilter] !== undefined)
    .map(([, condition]) => condition);
  // Said in so many words, or the index of what did not succeed would not be looked at.
  if (filter.outcome !== undefined && filter.outcome !== 'success') conditions.push("outcome <> 'success'");
  if (afterCursor) conditions.push('(time, writer, seq) < (:cursorTime, :cursorWriter, :cursorSeq)');
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  return `select id, writer, seq, time, segment, offset, length from records ${where}
    order by time desc, writer desc, seq desc limit :limit`;
}
