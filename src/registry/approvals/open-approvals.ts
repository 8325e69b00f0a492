import { ApprovalClaims } from './claims.ts';
import { ApprovalDecisions } from './decisions.ts';
import type { ApprovalsParts } from './parts.ts';
import { ApprovalView } from './view.ts';

/** Everything about approvals, over one state. */
export interface Approvals {
  readonly parts: ApprovalsParts;
  /** The step of a call. */
  readonly claims: ApprovalClaims;
  /** What people and configured deciders do. */
  readonly decisions: ApprovalDecisions;
  /** Who sees what. */
  readonly view: ApprovalView;
}

export function openApprovals(parts: ApprovalsParts): Approvals {
  const decisions = new ApprovalDecisions(parts);
  return { parts, decisions, claims: new ApprovalClaims(parts), view: new ApprovalView(parts, decisions) };
}
