/** The calls of a range, as the audit log has them. */
import type { AuditFilter, AuditLog } from '#audit';
import type { AuditRecord } from '#contract';
import { questionError } from '../explain/errors.ts';
import type { Reach } from '../explain/ports.ts';

export interface Range {
  /** RFC 3339: the first moment that counts, and the first that does not. */
  readonly from: string;
  readonly to: string;
}

const PAGE = 1000;

/** The namespace that a question is about; undefined for all. Throws `NAMESPACE_UNSAID` where there are several. */
export function namespaceAsked(reach: Reach): string | undefined {
  if (reach === 'all') return undefined;
  const [only, ...others] = reach;
  // The newest of several could not be told without reading all of each.
  if (others.length > 0)
    throw questionError('NAMESPACE_UNSAID', `name one namespace: \`${reach.toSorted().join('`, `')}\``);
  return only;
}

/**
 * Newest first, a page in memory; at most so many records. Those of decisions are opened: what a person's call
 * was about is sealed under their key. Out of reach there are none.
 */
export async function* callsOnRecord(
  audit: Pick<AuditLog, 'query' | 'opened'>,
  { from, to }: Range,
  { reach, most }: { readonly reach: Reach; readonly most: number },
): AsyncGenerator<readonly AuditRecord[]> {
  if (reach.length === 0) return;
  const namespace = namespaceAsked(reach);
  const asked = { type: 'tool.call', from, to } as const;
  const filter: AuditFilter = namespace === undefined ? asked : { ...asked, namespace };
  let cursor: string | undefined;
  let left = most;
  do {
    const page = await audit.query(filter, { limit: Math.min(PAGE, left), ...(cursor !== undefined && { cursor }) });
    yield await Promise.all(
      page.records.map(async (record) => (record.policy === undefined ? record : await audit.opened(record))),
    );
    left -= page.records.length;
    cursor = page.next;
  } while (cursor !== undefined && left > 0);
}
