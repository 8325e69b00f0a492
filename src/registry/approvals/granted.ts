import { DEFAULT_NAMESPACE, type Principal } from '#contract';
import { userPrincipal, type StandingUser } from '#identity';
import type { Answer, Approval } from './approval.ts';
import { fillable, unmet } from './needs.ts';
import type { ApprovalsParts } from './parts.ts';

/** Of a configured decider, as approvals name it. */
export const WEBHOOK = 'webhook:';

/**
 * Whether a yes that was given still is one: who gave it may have been disabled since, or have left the group that
 * was asked. Read from what they are now, by every process.
 */
export async function stillGranted(
  approval: Approval,
  { standings, settings }: Pick<ApprovalsParts, 'standings' | 'settings'>,
): Promise<boolean> {
  const yes = approval.answers.filter(({ verdict }) => verdict === 'approve');
  const fills = await Promise.all(yes.map((answer) => fillsNow(approval, answer, { standings, settings })));
  return unmet(approval.needs, fills).length === 0;
}

async function fillsNow(
  approval: Approval,
  { decider, fills }: Answer,
  { standings, settings }: Pick<ApprovalsParts, 'standings' | 'settings'>,
): Promise<readonly string[]> {
  if (decider.startsWith(WEBHOOK)) {
    const configured = settings.deciders.find(({ name }) => `${WEBHOOK}${name}` === decider);
    return fills.filter((need) => configured?.approves.includes(need) === true);
  }
  const standing = await standings.ofUser(decider);
  if (standing === undefined) return [];
  const now = fillable(approval, personOf(standing));
  return fills.filter((need) => now.includes(need));
}

/** A user as a session of theirs would show them. */
export const personOf = (standing: StandingUser): Principal =>
  userPrincipal(standing, { namespace: DEFAULT_NAMESPACE, via: { method: 'session', sessionId: '' } });
