import { startRecurring, type Logger } from '#kernel';
import { closeApproval, findOverdue, forgetApprovals } from '../store/approvals-store.ts';
import { approvalEvent, type ApprovalsParts } from './parts.ts';

const EVERY_MS = 15_000;
const AT_ONCE = 200;
/** How long one can look up what became of a request; the record has it for longer. */
const KEPT_MS = 30 * 86_400_000;

/**
 * Writes down what time has ended, and forgets what was over for a month. A request or a grant is over from its
 * moment on whether this has run or not: what it does is erase the arguments, and put the end on record.
 * Several processes may do so at once. Gives how to stop it.
 */
export const startExpiry = (parts: ApprovalsParts, log: Logger, everyMs = EVERY_MS): (() => Promise<void>) =>
  startRecurring(() => endOverdue(parts), {
    everyMs,
    failed: (error) =>
      log.error({ err: error }, 'approvals that have expired could not be written down; it is tried again'),
  });

/** One run; gives how many were ended. */
export async function endOverdue({ frame, counted }: ApprovalsParts): Promise<number> {
  const { database, clock, trail } = frame;
  const now = clock.now();
  let ended = 0;
  for (const overdue of await findOverdue(database.db, now, AT_ONCE)) {
    const reason = overdue.state === 'approved' ? 'not used in time' : null;
    if (!(await closeApproval(database.db, overdue.id, { state: 'expired', reason, now }))) continue;
    ended++;
    counted?.('expired');
    const event = approvalEvent(overdue, { type: 'approval.expired', action: 'expire' });
    await trail.append({ class: 'authorization', door: 'system', actor: SELF, ...event, outcome: 'success' });
  }
  await forgetApprovals(database.db, now - KEPT_MS);
  return ended;
}

const SELF = { kind: 'system', iss: 'chatelaine', sub: 'approvals', name: 'approvals' } as const;
