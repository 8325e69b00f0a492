import type { ApprovalSettings, AuditEvent, Principal } from '#contract';
import type { AgentStandings, ChangeFrame, Standings } from '#identity';
import type { Envelope } from '#vault';
import type { Approval } from './approval.ts';

/** Where a person is when they decide, as far as policies look at it. */
export interface DecidedFrom {
  readonly door: 'api' | 'console';
  readonly address: string | undefined;
}

/** Whether policies let that person approve calls of that tool: action `approve` of the Cedar schema. */
export type MayApprove = (
  person: Principal,
  tool: Pick<Approval, 'namespace' | 'tool'>,
  from: DecidedFrom,
) => boolean | Promise<boolean>;

/** What metrics count. */
export type ApprovalOutcome = 'requested' | 'joined' | 'approved' | 'refused' | 'consumed' | 'expired' | 'cancelled';

/** What everything about approvals stands on. */
export interface ApprovalsParts {
  readonly frame: ChangeFrame;
  readonly envelope: Envelope;
  readonly standings: Pick<Standings, 'ofUser'>;
  readonly agents: Pick<AgentStandings, 'ofAgent'>;
  readonly settings: ApprovalSettings;
  /** What bindings are keyed with: the same for every process of the installation. */
  readonly bindingKey: () => Promise<Buffer>;
  readonly mayApprove: MayApprove;
  /** Where people decide; undefined where no page is served. */
  readonly pageUrl: (id: string) => URL | undefined;
  readonly counted?: ((outcome: ApprovalOutcome) => void) | undefined;
  /** A request was made: whoever is to be told elsewhere can be told. */
  readonly asked?: (() => void) | undefined;
}

/** What happened to an approval, as it goes on record: with the digest of the arguments, never with them. */
export function approvalEvent(
  { id, namespace, tool, argumentsDigest, needs }: Approval,
  { type, action }: { readonly type: string; readonly action: string },
): Pick<AuditEvent, 'type' | 'action' | 'object' | 'argumentsDigest' | 'details'> & {
  readonly object: NonNullable<AuditEvent['object']>;
} {
  return {
    ...{ type, action, argumentsDigest },
    object: { kind: 'approval', namespace, name: tool, id },
    details: { needs: needs.map((need) => need || 'anybody') },
  };
}

/** What the listener knows of a request. */
export interface Arrival {
  readonly requestId: string;
  readonly address: string | undefined;
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[];
}
