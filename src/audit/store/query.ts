import { z } from 'zod';
import { AUDIT_CLASSES, AUDIT_OUTCOMES } from '#contract';
import { auditError } from '../errors.ts';

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
    // Answered as any other.
  }
  throw auditError('AUDIT_QUERY_INVALID', 'the cursor is none that a page has given');
}
