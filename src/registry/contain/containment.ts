/** What somebody stopped everywhere, and the report that says when it had stopped. */
import { z } from 'zod';

export const CONTAINED_KINDS = ['agent', 'user', 'tool', 'namespace'] as const;
export type ContainedKind = (typeof CONTAINED_KINDS)[number];

export interface Containment {
  readonly id: string;
  readonly kind: ContainedKind;
  /** Where it is; `*` of a user. */
  readonly namespace: string;
  /** The id of an agent or user; the name of a tool or namespace. */
  readonly target: string;
  readonly name: string;
  readonly reason: string;
  /** `issuer#subject` of all as whom it may call, agents that a user answers for among them. */
  readonly subjects: readonly string[];
  /** Whether it was this that disabled it: what was disabled before stays so at a release. */
  readonly disabledHere: boolean;
  readonly begunAt: number;
  readonly begunBy: string;
  readonly acknowledgedAt: number | undefined;
  readonly releasedAt: number | undefined;
  readonly report: SignedContainmentReport | undefined;
}

const moment = z.iso.datetime();

/** What was done and when. `confirmed`: by then no call of it ran in that process, and none can begin. */
export const containmentReport = z.strictObject({
  format: z.literal('chatelaine-containment/1'),
  id: z.string(),
  kind: z.enum(CONTAINED_KINDS),
  namespace: z.string(),
  target: z.string(),
  name: z.string(),
  reason: z.string(),
  begunBy: z.string(),
  begunAt: moment,
  steps: z.array(z.strictObject({ what: z.string(), at: moment, count: z.int().nonnegative().optional() })),
  processes: z.array(
    z.strictObject({
      id: z.string(),
      host: z.string(),
      confirmedAt: moment.nullable(),
      stoppedCalls: z.int().nonnegative(),
    }),
  ),
  complete: z.boolean().describe('Whether every process that served has confirmed.'),
  endedAt: moment.describe('When the last process had confirmed, or when that was no longer waited for.'),
  tookMs: z.number().nonnegative(),
});
export type ContainmentReport = z.infer<typeof containmentReport>;

/**
 * A report with the receipt of the audit record that has its digest: the receipt is signed, and says when and by
 * whom.
 */
export interface SignedContainmentReport {
  readonly report: ContainmentReport;
  readonly receipt: unknown;
}

/** A caller among `subjects`. */
export const subjectKey = ({ iss, sub }: { readonly iss: string; readonly sub: string }): string => `${iss}#${sub}`;
