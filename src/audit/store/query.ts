import { z } from 'zod';
import { AUDIT_CLASSES, AUDIT_OUTCOMES, auditRecord } from '#contract';
import { auditError } from '../errors.ts';
import { timeOfId } from '../record/record-ids.ts';
import type { Page, PageRequest } from './store.ts';

/** What to ask for: every filter that is given must hold. */
export const auditFilter = z.strictObject({
  id: z.string().max(64).optional(),
  /** The actor's subject. */
  actor: z.string().max(512).optional(),
  /** Narrows `actor`: who vouched for the subject. */
  issuer: z.string().max(512).optional(),
  class: z.enum(AUDIT_CLASSES).optional(),
  type: z.string().max(128).optional(),
  action: z.string().max(128).optional(),
  objectKind: z.string().max(128).optional(),
  namespace: z.string().max(256).optional(),
  object: z.string().max(256).optional(),
  objectId: z.string().max(256).optional(),
  /** A person: who did it, to whom it was done, or on whose behalf. */
  subject: z.string().max(512).optional(),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  requestId: z.string().max(128).optional(),
  argumentsDigest: z.string().max(128).optional(),
  /** The first moment that counts, and the first that does not: RFC 3339, UTC. */
  from: z.iso.datetime({ precision: 3 }).optional(),
  to: z.iso.datetime({ precision: 3 }).optional(),
});
export type AuditFilter = Readonly<z.infer<typeof auditFilter>>;

export const MOST_RECORDS = 1000;

/** The place after which a page begins: records are in order of time, then writer, then number. */
export const cursorPlace = z.tuple([z.iso.datetime({ precision: 3 }), z.string().length(26), z.int().positive()]);
export type CursorPlace = z.infer<typeof cursorPlace>;

export const encodeCursor = (place: CursorPlace): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** Throws `AUDIT_QUERY_INVALID` for what no page has given. A forged place only pages from elsewhere. */
export function decodeCursor(cursor: string): CursorPlace {
  try {
    const place = cursorPlace.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (place.success) return place.data;
  } catch {
    // What is no JSON is refused below, like JSON that is no cursor.
  }
  throw auditError('AUDIT_QUERY_INVALID', 'the cursor is none that a page has given');
}

/** A question as it goes to an index: narrowed, and from where on. */
export interface PlacedQuery {
  readonly filter: AuditFilter;
  readonly limit: number;
  readonly after?: CursorPlace;
}

/**
 * Asks page by page, whatever the storage. `ask` gives canonical texts, newest first, with one more
 * than was asked for when there is more. Throws `AUDIT_QUERY_INVALID`.
 */
export async function answerPage(
  filter: AuditFilter,
  { limit, cursor }: PageRequest,
  ask: (query: PlacedQuery) => Promise<readonly string[]>,
): Promise<Page> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_RECORDS) {
    throw auditError('AUDIT_QUERY_INVALID', `\`limit\` is ${limit}; a page has 1 to ${MOST_RECORDS} records`);
  }
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const narrowed = narrow(filter);
  if (!narrowed) return { records: [] };
  const texts = await ask({ filter: narrowed, limit, ...(after && { after }) });
  const records = texts.slice(0, limit).map((text) => auditRecord.parse(JSON.parse(text)));
  const last = records.at(-1);
  return texts.length > limit && last
    ? { records, next: encodeCursor([last.time, last.writer, last.seq]) }
    : { records };
}

/** An id says when its record was made, so that looking for it needs no index of ids. */
function narrow(filter: AuditFilter): AuditFilter | undefined {
  if (filter.id === undefined) return filter;
  const ms = timeOfId(filter.id);
  if (ms === undefined) return undefined;
  const time = new Date(ms).toISOString();
  if ((filter.from ?? time) > time || (filter.to !== undefined && filter.to <= time)) return undefined;
  return { ...filter, from: time, to: new Date(ms + 1).toISOString() };
}
