/**
 * approvals: calls that a policy lets through only with the yes of people.
 *
 * Owns the step of a call that uses a grant up or asks for one (`claims.ts`), what a grant is bound to
 * (`binding.ts`), whose yes counts (`needs.ts`, `person.ts`, `granted.ts`), the answers (`decisions.ts`), who sees
 * what (`view.ts`), the end of what nobody answered (`expiry.ts`), the routes, the pages (`page/`), and signed
 * messages to and from systems elsewhere (`webhook/`). Does not own: what a policy wants (policy), asking a client to
 * open a page (gateway), how bytes leave (egress, behind `PostMessage`).
 * Tables: `approvals`, `approval_decisions`, queried in `../store/approvals-store.ts` alone.
 * RFC 8785 (canonical JSON), Standard Webhooks 1.0, MCP 2026-07-28 and 2025-11-25 (elicitation in URL mode).
 */
import type { ApprovalPagesOptions, ApprovalPages } from './page/approval-pages.ts';
import type { approvalRoutes } from './routes.ts';
import type { AnswerDoor, AnswerDoorOptions } from './webhook/answer-door.ts';

export { openApprovals, type Approvals } from './open-approvals.ts';
export type { ApprovalOutcome, ApprovalsParts, DecidedFrom, MayApprove } from './parts.ts';
export type { ClaimedDecision, ClaimingCall } from './claims.ts';
export { endOverdue, startExpiry } from './expiry.ts';
export { ApprovalNotices, type PostMessage } from './webhook/notices.ts';
export { approvalArgumentsColumn } from '../store/approvals-store.ts';
export { approvalsAfterRestore } from '../store/approvals-after-restore.ts';

/** Where people decide. */
export const APPROVAL_PAGES = '/console/approvals';

/** Loaded when used: a server that only serves tools needs no routes, */
export const loadApprovalRoutes = async (
  ...parts: Parameters<typeof approvalRoutes>
): Promise<ReturnType<typeof approvalRoutes>> => (await import('./routes.ts')).approvalRoutes(...parts);

/** no pages, */
export const loadApprovalPages = async (options: ApprovalPagesOptions): Promise<ApprovalPages> =>
  (await import('./page/approval-pages.ts')).approvalPages(options);

/** and no door for answers. */
export const loadAnswerDoor = async (options: AnswerDoorOptions): Promise<AnswerDoor> =>
  (await import('./webhook/answer-door.ts')).answerDoor(options);
