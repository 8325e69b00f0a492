import type { Decision, PolicySet } from '#policy';
import type { CallApprovals, CallContainment, CallLimits, ToolStandings } from '#registry';
import type { Decisions } from '../decisions/decisions.ts';
import type { ToolQuestion } from '../decisions/question.ts';
import type { OutputShaping } from '../shaping/index.ts';

/** What is asked of a call beside its credential. Policies always; the others where there are any. */
export interface CallSteps {
  readonly decisions: Decisions;
  readonly watch?: DecisionWatch | undefined;
  readonly standings?: ToolStandings | undefined;
  readonly limits?: CallLimits | undefined;
  readonly approvals?: CallApprovals | undefined;
  readonly shaping?: OutputShaping | undefined;
  readonly containment?: CallContainment | undefined;
}

/** Looks on while calls are decided, and takes no part in it; returns at once. */
export interface DecisionWatch {
  decided(question: ToolQuestion, decision: Decision, policies: PolicySet): void;
}
