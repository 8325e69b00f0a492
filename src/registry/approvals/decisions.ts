import { rolesIn, type AuditOrigin, type Principal } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author } from '#identity';
import { closeApproval, findApproval, grantApproval, insertAnswer } from '../store/approvals-store.ts';
import { isAskedBy, stateAt, type Answer, type Approval } from './approval.ts';
import { approvalError, unknownApproval } from './errors.ts';
import { WEBHOOK } from './granted.ts';
import { fillable, unmet } from './needs.ts';
import { approvalEvent, type ApprovalsParts, type DecidedFrom } from './parts.ts';
import { isPersonThemselves } from './person.ts';

/** What somebody says to a request. */
export interface Verdict {
  readonly verdict: 'approve' | 'refuse';
  readonly reason?: string | undefined;
}

/** A decider of the configuration, with the message that has its answer. */
export interface SignedDecider {
  readonly name: string;
  readonly approves: readonly string[];
  readonly messageId: string;
}

/** What people and configured deciders do to requests. */
export class ApprovalDecisions {
  readonly #parts: ApprovalsParts;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  /** Which needs of it that person could fill here and now; none is "not theirs". */
  async fillableBy(approval: Approval, person: Principal, from: DecidedFrom): Promise<readonly string[]> {
    const needs = isPersonThemselves(person) ? fillable(approval, person) : [];
    return needs.length > 0 && (await this.#parts.mayApprove(person, approval, from)) ? needs : [];
  }

  /**
   * A person's yes or no. Throws `APPROVAL_UNKNOWN`, `APPROVAL_NEEDS_PERSON`, `APPROVAL_NOT_YOURS`, `APPROVAL_OVER`,
   * and as `CheckPermission`: a yes or no takes a recent proof.
   */
  async decide(by: Author, id: string, verdict: Verdict, from: DecidedFrom): Promise<Approval> {
    const { frame } = this.#parts;
    const { principal } = by;
    const seen = await this.#find(frame.database.db, id);
    const isResponsible = seen.responsible === principal.sub;
    const fills = await this.fillableBy(seen, principal, from);
    if (fills.length === 0 && !isResponsible && !isAskedBy(seen, principal) && !seesAll(principal, seen.namespace))
      throw unknownApproval(id);
    return await this.#recorded(by, seen, verdict, () => {
      if (!isPersonThemselves(principal))
        throw approvalError(
          'APPROVAL_NEEDS_PERSON',
          `\`${principal.name}\` came with a credential that approves nothing`,
        );
      // Who could say yes, or answers for the agent, may stop it; a no needs no second pair of eyes.
      if (fills.length === 0 && !(verdict.verdict === 'refuse' && isResponsible))
        throw notYours(principal.name, isAskedBy(seen, principal));
      frame.check(by, 'approval.decide', { namespace: seen.namespace, own: true });
      return { decider: principal.sub, fills, decidedAt: frame.clock.now(), messageId: null };
    });
  }

  /** The signed answer of a configured decider: one approver, of the kinds that it was given. Throws likewise. */
  async decideSigned(
    by: Pick<Author, 'origin'>,
    id: string,
    verdict: Verdict,
    { name, approves, messageId }: SignedDecider,
  ): Promise<Approval> {
    const { frame } = this.#parts;
    const seen = await this.#find(frame.database.db, id);
    return await this.#recorded(by, seen, verdict, () => {
      const fills = seen.needs.filter((need) => approves.includes(need));
      if (fills.length === 0) throw notYours(`${WEBHOOK}${name}`, false);
      return { decider: `${WEBHOOK}${name}`, fills, decidedAt: frame.clock.now(), messageId };
    });
  }

  /** Takes a request or an unused grant back: the caller's, or whoever answers for them, or an office. */
  async cancel(by: Author, id: string): Promise<Approval> {
    const { frame, counted } = this.#parts;
    const seen = await this.#find(frame.database.db, id);
    const own = isAskedBy(seen, by.principal) || seen.responsible === by.principal.sub;
    frame.check(by, 'approval.cancel', { namespace: seen.namespace, own, missing: () => unknownApproval(id) });
    const change = approvalEvent(seen, { type: 'approval.cancelled', action: 'cancel' });
    const cancelled = await frame.inTransaction(by, change, async (trx) => {
      const now = frame.clock.now();
      const current = await this.#find(trx, id);
      if (current.closedAt !== null) throw over(current, now);
      await closeApproval(trx, id, { state: 'cancelled', reason: null, now });
      return { value: await this.#find(trx, id) };
    });
    counted?.('cancelled');
    return cancelled;
  }

  /** `judge` throws why it does not count: who tried to approve what is not theirs is on record. */
  async #recorded(
    by: Pick<Author, 'origin'>,
    seen: Approval,
    { verdict, reason }: Verdict,
    judge: () => Omit<Answer, 'verdict'> & { readonly messageId: string | null },
  ): Promise<Approval> {
    const { frame, counted } = this.#parts;
    const type = verdict === 'approve' ? 'approval.approved' : 'approval.refused';
    const change = approvalEvent(seen, { type, action: verdict });
    const decided = await frame.recorded(by, change, async () => {
      const answer = judge();
      await this.#checkAsker(seen);
      const value = await frame.database.transaction((trx) =>
        this.#settle(trx, seen.id, { ...answer, verdict }, reason),
      );
      const open = openNeeds(value).map((need) => need || 'anybody');
      return { value, details: { decider: answer.decider, state: value.state, open } };
    });
    if (decided.state === 'approved' || decided.state === 'refused') counted?.(decided.state);
    return decided;
  }

  /** In a transaction: of two who answer at once, the second sees what the first made of it. */
  async #settle(
    trx: DatabaseOrTransaction,
    id: string,
    answer: Answer & { readonly messageId: string | null },
    reason: string | undefined,
  ): Promise<Approval> {
    const { settings, frame } = this.#parts;
    const now = frame.clock.now();
    const current = await this.#find(trx, id);
    if (stateAt(current, now) !== 'pending') throw over(current, now);
    if (!(await insertAnswer(trx, id, answer)))
      throw approvalError('APPROVAL_OVER', `\`${answer.decider}\` has answered the approval \`${id}\` already`);
    if (answer.verdict === 'refuse') {
      await closeApproval(trx, id, { state: 'refused', reason: reason ?? null, now });
    } else if (openNeeds({ ...current, answers: [...current.answers, answer] }).length === 0) {
      await grantApproval(trx, id, now + settings.grantFor);
    }
    return await this.#find(trx, id);
  }

  /** A call of somebody who was cut off since is nobody's to approve. */
  async #checkAsker({ asker, id }: Approval): Promise<void> {
    if (asker.iss !== 'chatelaine' || asker.kind === 'anonymous') return;
    const { standings, agents } = this.#parts;
    // The person at this machine is kept nowhere.
    if (asker.kind === 'user' && asker.sub === 'local') return;
    const standing = asker.kind === 'user' ? await standings.ofUser(asker.sub) : await agents.ofAgent(asker.sub);
    if (standing === undefined)
      throw approvalError('APPROVAL_OVER', `whoever made the call of the approval \`${id}\` was cut off since`);
  }

  async #find(db: DatabaseOrTransaction, id: string): Promise<Approval> {
    const found = await findApproval(db, id);
    if (found === undefined) throw unknownApproval(id);
    return found;
  }
}

/** What still needs somebody. */
export const openNeeds = ({ needs, answers }: Pick<Approval, 'needs' | 'answers'>): readonly string[] =>
  unmet(
    needs,
    answers.filter(({ verdict }) => verdict === 'approve').map(({ fills }) => fills),
  );

const notYours = (who: string, isOwnCall: boolean): Error =>
  approvalError(
    'APPROVAL_NOT_YOURS',
    isOwnCall
      ? `the call is \`${who}\`’s own: somebody else has to say yes`
      : `\`${who}\` is none of those whose yes it needs`,
  );

function over(approval: Approval, now: number): Error {
  const state = stateAt(approval, now);
  return approvalError('APPROVAL_OVER', `the approval \`${approval.id}\` waits for no answer: it is ${state}`, {
    details: { state },
  });
}

/** Whether the person sees every request of a namespace. */
export const seesAll = (principal: Principal, namespace: string): boolean =>
  rolesIn(principal, namespace).some((role) => role === 'admin' || role === 'policy_admin' || role === 'auditor');

/** Who does it, for a configured decider. */
export const originOfDecider = (name: string, at: Pick<AuditOrigin, 'requestId' | 'address'>): AuditOrigin => ({
  door: 'api',
  actor: { kind: 'workload', iss: 'chatelaine', sub: `${WEBHOOK}${name}`, name: `${WEBHOOK}${name}` },
  ...at,
});
