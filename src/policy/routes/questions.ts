/** What is asked of policies beside calls, as routes. */
import type { AuditLog } from '#audit';
import type { Refuse } from '#contract';
import type { Route } from '#http';
import type { Clock } from '#kernel';
import { backtestRoutes } from '../backtest/routes.ts';
import type { DecisionWatch } from '../backtest/late-watch.ts';
import type { CurrentPolicies } from '../decide/current-policies.ts';
import { Evaluator } from '../decide/evaluator.ts';
import { accessRoutes } from '../explain/access-routes.ts';
import type { CallableTools, Callers } from '../explain/ports.ts';
import { explainRoutes } from '../explain/routes.ts';
import { loadCedar } from '../language/cedar.ts';

export interface QuestionParts {
  readonly policies: CurrentPolicies;
  readonly watch: Pick<DecisionWatch, 'opened'>;
  readonly callers: Callers;
  readonly tools: CallableTools;
  readonly audit: Pick<AuditLog, 'query' | 'opened'>;
  readonly refuse: Refuse;
  readonly clock: Clock;
}

export async function questionRoutes({ watch, ...parts }: QuestionParts): Promise<readonly Route[]> {
  let made: Promise<Evaluator> | undefined;
  const evaluator = () => (made ??= loadCedar().then((cedar) => new Evaluator(cedar, 'question')));
  const { subjects, shadow } = await watch.opened();
  return [
    ...explainRoutes({ ...parts, evaluator }),
    ...accessRoutes({ ...parts, evaluator }),
    ...backtestRoutes({ ...parts, evaluator, readSubject: subjects.read, shadow }),
  ];
}
