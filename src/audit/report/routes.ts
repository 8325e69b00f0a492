/** The reports of the log as routes: each is on record before its first byte leaves. */
import { z } from 'zod';
import { EVERYWHERE, type AuditOrigin } from '#contract';
import { stream, type Route } from '#http';
import type { Clock } from '#kernel';
import type { AuditLog } from '../audit-log.ts';
import { exportNdjson } from '../export/ndjson.ts';
import { auditFilter, type AuditFilter } from '../store/query.ts';
import { accessReviewSchema, reviewAccess, type AccessSource } from './access-review.ts';
import { evidenceArchive } from './evidence-archive.ts';
import { recordedReport, type LeavingReport } from './recorded-report.ts';

export interface ReportParts {
  readonly access: AccessSource;
  /** A folder for what is written before it leaves, for its owner alone. */
  readonly scratch: string;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;

const unusedDays = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, { error: 'is a whole number of days from 1 to 9999' })
  .transform(Number)
  .default(90)
  .meta({ type: 'integer', minimum: 1, maximum: 9999, description: 'How far it looks back for use.' });

const evidenceQuery = auditFilter.extend({
  opened: z
    .literal('true')
    .optional()
    .describe('Adds the records with what is personal; an erasure does not reach it.'),
});

const facts = {
  tag: 'audit',
  permission: 'audit.export',
  where: 'everywhere',
} as const;

/** The reports over a log and over who holds what. */
export function reportRoutes(audit: AuditLog, { access, scratch, clock }: ReportParts): readonly Route[] {
  const recorded = <Piece>(
    origin: AuditOrigin,
    name: string,
    details: LeavingReport['details'],
    pieces: AsyncIterable<Piece>,
  ): AsyncIterable<Piece> => {
    const object = { kind: 'report', namespace: EVERYWHERE, name };
    return recordedReport(audit, origin, { type: `report.${name}`, object, ...(details && { details }) }, pieces);
  };

  return [
    stream({
      ...facts,
      operationId: 'reviewAccess',
      path: '/audit/access-review',
      summary: 'Who holds which roles, keys and secrets, when each was last used, and what stands out',
      query: z.strictObject({ unusedDays }),
      media: 'application/json',
      answer: accessReviewSchema,
      handle: async ({ origin, query }) =>
        recorded(origin, 'access', query, reviewAccess(access, audit, { clock, unusedMs: query.unusedDays * DAY_MS })),
    }),
    stream({
      ...facts,
      operationId: 'exportEvidence',
      path: '/audit/evidence',
      summary: 'The records that a filter finds, with what proves each, as a tar archive that verifies offline',
      description:
        'As `GET /audit/records` finds them. `chatelaine audit verify-evidence` verifies the unpacked folder.',
      query: evidenceQuery,
      errors: ['AUDIT_QUERY_INVALID', 'AUDIT_DAMAGED'],
      media: 'application/x-tar',
      handle: async ({ origin, query }) => {
        const { opened, ...filter } = query;
        const asked = { filter: withoutAbsent(filter), opened: opened === 'true' };
        return recorded(
          origin,
          'evidence',
          detailsOf(audit, asked),
          evidenceArchive(audit, { ...asked, scratch, clock }),
        );
      },
    }),
    stream({
      ...facts,
      operationId: 'exportAudit',
      path: '/audit/export',
      summary: 'The whole log as it is stored, oldest first, a line a record; it verifies like the log itself',
      description: 'What is personal leaves sealed.',
      media: 'application/x-ndjson',
      handle: async ({ origin }) =>
        recorded(origin, 'log', undefined, joined(exportNdjson(audit.installation, audit.stream()))),
    }),
  ];
}

/** What was asked for. Names that somebody typed may be a person's, of whom records keep no name: their digest. */
const detailsOf = (
  audit: Pick<AuditLog, 'digest'>,
  { filter, opened }: { readonly filter: AuditFilter; readonly opened: boolean },
): NonNullable<LeavingReport['details']> => ({
  ...filter,
  ...(filter.object !== undefined && { object: audit.digest(filter.object) }),
  opened,
});

/** Only what was asked for belongs into the record, and into the manifest. */
const withoutAbsent = (filter: AuditFilter): AuditFilter =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));

const PIECE = 64 * 1024;

/** Lines in pieces that are worth sending; the last line comes by itself, behind the outcome of all. */
async function* joined(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = '';
  let last: string | undefined;
  for await (const line of lines) {
    if (last !== undefined) piece += last;
    last = `${line}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
  if (last !== undefined) yield last;
}
