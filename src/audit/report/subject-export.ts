import { z } from 'zod';
import { auditRecord, type AuditRecord } from '#contract';
import type { Clock } from '#kernel';
import type { AuditLog } from '../audit-log.ts';
import { subjectOf } from '../people/subject-sealer.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { MOST_RECORDS } from '../store/query.ts';

/** One way in which a person is named in the log: by us, or by an issuer that vouches for them. */
export interface SubjectIdentity {
  readonly iss: string;
  readonly sub: string;
}

/** What a person is given who asks what the log holds of them (GDPR, articles 15 and 20). */
export const subjectExportSchema = z.strictObject({
  format: z.literal('chatelaine-audit-subject-export/1'),
  madeAt: z.iso.datetime({ precision: 3 }),
  identities: z.array(z.strictObject({ iss: z.string(), sub: z.string() })),
  /** Newest first. Of other people they name no more than the ids. */
  records: z.array(auditRecord),
  /** True when the person was erased: what is left in the log no longer says anything of anybody. */
  erased: z.boolean(),
});
export type SubjectExport = z.infer<typeof subjectExportSchema>;

/**
 * Everything that the log holds of one person, as the pieces of one JSON document of
 * `subjectExportSchema`; memory for one page, however much it is. What is personal of others stays
 * closed: a person's right does not reach into theirs. Rejects when the keys cannot be reached.
 */
export async function* exportSubject(
  log: Pick<AuditLog, 'query' | 'opened'>,
  identities: readonly SubjectIdentity[],
  clock: Clock,
): AsyncGenerator<string, void, undefined> {
  const head = { format: 'chatelaine-audit-subject-export/1', identities, madeAt: new Date(clock.now()).toISOString() };
  yield `${canonicalJson(head).slice(0, -1)},"records":[`;
  const subjects = new Set(identities.map(subjectOf));
  let erased = false;
  let lead = '';
  for await (const record of recordsOf(log, identities)) {
    const opened = await log.opened(record, subjects);
    erased ||= ownPart(opened, subjects) === 'erased';
    // What is written of an erased person is nobody's any more.
    if (erased) break;
    yield lead + canonicalJson(opened);
    lead = ',';
  }
  yield `],"erased":${erased}}`;
}

/** What stands where this person's own part would. */
function ownPart({ sealed, actor, object }: AuditRecord, subjects: ReadonlySet<string>): string | undefined {
  if (sealed?.actor !== undefined && subjects.has(subjectOf(actor))) return sealed.actor;
  return object?.id !== undefined && subjects.has(object.id) ? sealed?.object : undefined;
}

async function* recordsOf(
  log: Pick<AuditLog, 'query'>,
  identities: readonly SubjectIdentity[],
): AsyncGenerator<AuditRecord> {
  const seen = new Set<string>();
  for (const identity of identities) {
    let cursor: string | undefined;
    do {
      const page = await log.query(
        { subject: identity.sub },
        { limit: MOST_RECORDS, ...(cursor !== undefined && { cursor }) },
      );
      for (const record of page.records) {
        if (!isAbout(record, identity) || seen.has(record.id)) continue;
        // With one identity nothing can come twice.
        if (identities.length > 1) seen.add(record.id);
        yield record;
      }
      cursor = page.next;
    } while (cursor !== undefined);
  }
}

/** The same subject of another issuer is somebody else. */
function isAbout({ actor, object, delegation }: AuditRecord, { iss, sub }: SubjectIdentity): boolean {
  const same = (one: SubjectIdentity): boolean => one.iss === iss && one.sub === sub;
  return same(actor) || (delegation?.some(same) ?? false) || (object?.kind === 'user' && object.id === sub);
}
