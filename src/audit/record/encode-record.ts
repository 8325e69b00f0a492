import { auditRecord } from '#contract';
import { canonicalJson, inOrder } from './canonical-json.ts';
import type { UnplacedRecord } from './build-record.ts';

/**
 * The canonical text of a record with a gap where its sequence number belongs. A record is encoded
 * when it is handed over, so that nothing can change it afterwards and an unwritable one is refused
 * at once; its number it gets when its batch is written, since a batch that fails gives its numbers
 * back.
 */
export interface EncodedRecord {
  readonly id: string;
  readonly beforeSeq: string;
  readonly afterSeq: string;
}

// The schema says which fields there are; sorted once, as RFC 8785 §3.2.3 has them.
const FIELDS = Object.keys(auditRecord.shape)
  .toSorted((left, right) => (left < right ? -1 : 1))
  .map((field) => ({ field, lead: `,"${field}":` }));
const SEQ = FIELDS.findIndex(({ field }) => field === 'seq');
const BEFORE = FIELDS.slice(0, SEQ);
const AFTER = FIELDS.slice(SEQ + 1);

/** Throws a `TypeError` when the record holds what is not JSON. */
export function encodeRecord(record: UnplacedRecord): EncodedRecord {
  return standsInOrder(record) ? encodeAsItStands(record) : encodeInOrder(record);
}

/**
 * Whether the members of the record, and theirs, stand in canonical order already: `buildRecord` writes
 * them so, but for what it appends, and for details whose keys are odd. A number that is none is left to
 * the way that refuses it.
 */
const standsInOrder = ({ cut, details, durationMs = 0 }: UnplacedRecord): boolean =>
  cut === undefined && (details === undefined || detailsStandInOrder(details)) && Number.isFinite(durationMs);

type Details = NonNullable<UnplacedRecord['details']>;

function detailsStandInOrder(details: Details): boolean {
  const keys = Object.keys(details);
  return inOrder(keys) && keys.every((key) => isPlain(details[key]));
}

const isPlain = (value: Details[string] | undefined): boolean =>
  Array.isArray(value) ? value.every(isPlain) : typeof value !== 'number' || Number.isFinite(value);

/** What stands in order is canonical as ECMAScript prints it (RFC 8785 §3.2.2), which costs a third. */
function encodeAsItStands(record: UnplacedRecord): EncodedRecord {
  const text = JSON.stringify(record);
  // Unescaped quotes end texts, so these bytes are no part of one; and nothing after `time` has members.
  const time = text.lastIndexOf(',"time":"');
  return { id: record.id, beforeSeq: `${text.slice(0, time)},"seq":`, afterSeq: text.slice(time) };
}

function encodeInOrder(record: UnplacedRecord): EncodedRecord {
  return {
    id: record.id,
    // `action` is required and first, so the first comma is always one too many.
    beforeSeq: `{${members(record, BEFORE).slice(1)},"seq":`,
    afterSeq: `${members(record, AFTER)}}`,
  };
}

function members(record: UnplacedRecord, fields: readonly { field: string; lead: string }[]): string {
  let text = '';
  for (const { field, lead } of fields) {
    const value = record[field as keyof UnplacedRecord];
    if (value !== undefined) text += lead + canonicalJson(value);
  }
  return text;
}
