import { isUtf8 } from 'node:buffer';
import type { AuditRecord } from '#contract';
import { parseRecordLine } from '../../chain/chain.ts';
import { columnsOf, otherSubjects } from '../columns.ts';
import type { AuditFilter, CursorPlace, PlacedQuery } from '../query.ts';
import { byPlace, type Found } from './newest.ts';
import { LINE_FEED } from './chain-end.ts';
import { memberBytes, termOf, type Indexed } from './terms.ts';

type Exact = Exclude<keyof AuditFilter, 'subject' | 'from' | 'to'>;

/** The member that holds what a filter asks for. */
const MEMBERS: Readonly<Record<Exact, Indexed>> = {
  id: 'id',
  actor: 'sub',
  issuer: 'iss',
  class: 'class',
  type: 'type',
  action: 'action',
  objectKind: 'kind',
  namespace: 'namespace',
  object: 'name',
  objectId: 'id',
  outcome: 'outcome',
  requestId: 'requestId',
  argumentsDigest: 'argumentsDigest',
};
const EXACT = Object.keys(MEMBERS) as readonly Exact[];

/** A question in all the forms in which it is put: to blocks, to bytes, to records. */
export interface Question {
  readonly query: PlacedQuery;
  /** A block that answers has one term of each group. */
  readonly terms: readonly (readonly number[])[];
  /** Bytes that a line that answers has, the most telling first. */
  readonly bytes: readonly Buffer[];
}

export function questionOf(query: PlacedQuery): Question {
  const terms: number[][] = [];
  const bytes: Buffer[] = [];
  for (const field of EXACT) {
    const value = query.filter[field];
    if (value === undefined) continue;
    terms.push([termOf(MEMBERS[field], value)]);
    bytes.push(memberBytes(MEMBERS[field], value));
  }
  const { subject } = query.filter;
  if (subject !== undefined) {
    terms.push([termOf('sub', subject), termOf('id', subject)]);
    bytes.push(Buffer.from(JSON.stringify(subject)));
  }
  // Long ones are rare ones: ids and digests, not verbs.
  return { query, terms, bytes: bytes.toSorted((left, right) => right.length - left.length) };
}

/** Whether every filter that is given holds for the record. */
export function matches(record: AuditRecord, filter: AuditFilter): boolean {
  const { subject, from, to } = filter;
  if ((from !== undefined && record.time < from) || (to !== undefined && record.time >= to)) return false;
  const columns = columnsOf(record);
  if (subject !== undefined && columns.actor !== subject && !otherSubjects(record).includes(subject)) return false;
  return EXACT.every((field) => filter[field] === undefined || filter[field] === columns[field]);
}

/** What of the chain in some whole lines answers the question, in the order in which it lies. */
export function* answersIn(lines: Buffer, writer: string, { query, bytes }: Question): Generator<Found> {
  for (const line of linesWith(lines, bytes)) {
    const stored = isUtf8(line) ? parseRecordLine(line.toString('utf8')) : undefined;
    const place = stored && placeIfAnswer(stored.canonical, writer, query.filter);
    if (stored === undefined || place === undefined) continue;
    if (query.after === undefined || byPlace(query.after, place) < 0) yield { place, canonical: stored.canonical };
  }
}

/** The place of the record if it answers. What is none of the chain, or not even a record, is for `verify` to name. */
function placeIfAnswer(canonical: string, writer: string, filter: AuditFilter): CursorPlace | undefined {
  try {
    const record = JSON.parse(canonical) as AuditRecord;
    const { time, seq } = record;
    if (record.writer !== writer || typeof time !== 'string' || !Number.isSafeInteger(seq)) return undefined;
    return matches(record, filter) ? [time, writer, seq] : undefined;
  } catch {
    return undefined;
  }
}

/** The lines that have all of these bytes; the first is looked for in all lines at once. */
function* linesWith(lines: Buffer, [first, ...others]: readonly Buffer[]): Generator<Buffer> {
  for (let at = 0; at < lines.length;) {
    const hit = first === undefined ? at : lines.indexOf(first, at);
    if (hit === -1) return;
    const begin = first === undefined ? at : lines.lastIndexOf(LINE_FEED, hit) + 1;
    const end = lines.indexOf(LINE_FEED, hit);
    const line = lines.subarray(begin, end);
    if (others.every((bytes) => line.includes(bytes))) yield line;
    at = end + 1;
  }
}
