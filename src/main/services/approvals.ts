import type { ApprovalSettings } from '#contract';
import { readApprovalKey } from '#http';
import type { ApprovalOutcome, Approvals, CallApprovals, MayApprove } from '#registry';
import { lateColumn } from './late-signing.ts';
import type { Services } from './open-services.ts';

const registry = () => import('#registry');

export const lateApprovalArgumentsColumn = lateColumn(async () => (await registry()).approvalArgumentsColumn);

/** Approvals, opened by the first call that wants one or the first person who looks at one. */
export type LateApprovals = () => Promise<Approvals>;

export function lateApprovals(parts: {
  readonly services: Pick<Services, 'database' | 'identity' | 'vault'>;
  readonly settings: ApprovalSettings;
  readonly mayApprove: MayApprove;
  /** Where browsers reach the server; undefined where it serves no pages. */
  readonly publicUrl: () => URL | undefined;
  readonly counted?: ((outcome: ApprovalOutcome) => void) | undefined;
  /** A request was made. */
  readonly asked?: (() => void) | undefined;
}): LateApprovals {
  const { services, settings, mayApprove, publicUrl, counted, asked } = parts;
  const { identity, vault, database } = services;
  let opening: Promise<Approvals> | undefined;
  let key: Promise<Buffer> | undefined;
  const bindingKey = (): Promise<Buffer> => {
    key ??= readApprovalKey(database, vault.envelope);
    // What failed may succeed at the next call.
    key.catch(() => (key = undefined));
    return key;
  };
  return () =>
    (opening ??= registry().then(({ APPROVAL_PAGES, openApprovals }) =>
      openApprovals({
        ...{ frame: identity.frame, envelope: vault.envelope, standings: identity.standings },
        ...{ agents: identity.agentStandings, settings, bindingKey, mayApprove, counted, asked },
        pageUrl: (id) => {
          const base = publicUrl();
          return base && new URL(`${APPROVAL_PAGES}/${id}`, base);
        },
      }),
    ));
}

/** The step of a call; a call that no policy wants a yes to loads nothing. */
export const approvalStep = (approvals: LateApprovals): CallApprovals => ({
  claim: (call, decision, pin) =>
    decision.obligations.approvals.length === 0
      ? undefined
      : approvals().then(async ({ claims }) => await claims.claim(call, decision, pin)),
});
