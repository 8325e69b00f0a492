/** What the record has of a policy that is watched: the counts of every process. */
import type { AuditLog } from '#audit';

const PAGE = 1000;
/** One record a minute and kind of difference at most: some weeks of the busiest. */
const MOST_PAGES = 50;

export interface RecordedShadow {
  'would-deny': number;
  'would-allow': number;
  obligations: number;
  since?: string;
}

export async function recordedShadow(
  audit: Pick<AuditLog, 'query'>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  digest: string | undefined,
): Promise<RecordedShadow> {
  const filter = { type: 'policy.shadow', objectKind: 'policy', namespace, object: name };
  const found: RecordedShadow = { 'would-deny': 0, 'would-allow': 0, obligations: 0 };
  let cursor: string | undefined;
  // The newest record is of the text that was watched last.
  let counted = digest;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await audit.query(filter, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    for (const { details = {} } of page.records) {
      const { policy, difference, calls, since } = details;
      if (typeof policy !== 'string' || typeof calls !== 'number' || policy !== (counted ??= policy)) continue;
      if (difference === 'would-deny' || difference === 'would-allow' || difference === 'obligations')
        found[difference] += calls;
      if (typeof since === 'string' && since < (found.since ?? '9')) found.since = since;
    }
    cursor = page.next;
    if (cursor === undefined) break;
  }
  return found;
}
