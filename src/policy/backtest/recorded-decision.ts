/** A decision as the record of a call has it. Pure. */
import type { AuditRecord } from '#contract';
import type { DecisionRequest } from '../decide/policy-set.ts';
import type { Facts } from '../explain/explanation.ts';

export interface RecordedDecision {
  readonly record: Pick<
    AuditRecord,
    'id' | 'time' | 'door' | 'actor' | 'object' | 'delegation' | 'durationMs' | 'address'
  >;
  readonly action: DecisionRequest['action'];
  /** Keys of both entities. */
  readonly principal: string;
  readonly tool: string;
  /** Digest of the set that decided. */
  readonly version: string;
  /** What policies said; the call may have ended otherwise. */
  readonly allowed: boolean;
  /** The rules that decided. */
  readonly policies: readonly string[];
  readonly facts: Facts;
  /** What was looked at and had a value that policies cannot say: `args.amount`. */
  readonly unrepresentable: readonly string[];
  /** Denied whatever the arguments, so that nobody looked at them. */
  readonly withoutArguments: boolean;
}

/** Why what was looked at is not on record any more. */
export type Unreadable = 'erased' | 'cut';

/** How the pipeline answers what policies deny: what they deny altogether is as what is not there. */
const DENIED: ReadonlySet<string> = new Set(['POLICY_DENIED', 'TOOL_UNKNOWN']);

/**
 * The decision of an opened record. Undefined for records of something else, and for the intent of a call: its
 * decision stands in its outcome too.
 */
export function readDecision(record: AuditRecord): RecordedDecision | Unreadable | undefined {
  const { policy, details, personal, error, sealed } = record;
  if (record.class !== 'tool-call' || record.outcome === 'intent') return undefined;
  if (policy?.principal === undefined || policy.resource === undefined) return undefined;
  // The facts of a call by a person are sealed with the rest of what is theirs.
  if (sealed?.actor !== undefined) return 'erased';
  const read = readFacts(personal?.['facts'] ?? details?.['facts']);
  if (read === undefined) return 'cut';
  const { principal, resource: tool, version, ids: policies } = policy;
  const allowed = error === undefined || !DENIED.has(error);
  return { record, action: 'execute', principal, tool, version, allowed, policies, ...read };
}

/** What stands beside the facts. */
type RecordedRemarks = Partial<Pick<RecordedDecision, 'unrepresentable' | 'withoutArguments'>>;

/** A text that is too long for a record is cut there, and says nothing any more. */
function readFacts(
  text: unknown,
): Pick<RecordedDecision, 'facts' | 'unrepresentable' | 'withoutArguments'> | undefined {
  if (text === undefined) return { facts: {}, unrepresentable: [], withoutArguments: false };
  if (typeof text !== 'string') return undefined;
  try {
    const { unrepresentable = [], withoutArguments = false, ...facts } = JSON.parse(text) as Facts & RecordedRemarks;
    return { facts, unrepresentable, withoutArguments };
  } catch {
    return undefined;
  }
}
