import { Evaluator } from '../decide/evaluator.ts';
import type { Decision, PolicySet } from '../decide/policy-set.ts';
import { loadCedar } from '../language/cedar.ts';
import { DecisionSubjects } from './decision-subjects.ts';
import type { JudgedRequest, WatchParts } from './late-watch.ts';
import { ShadowPolicies } from './shadow.ts';

/** What is kept of decisions beside their records: what they were about, and what others would have said. */
export class WatchedDecisions {
  readonly subjects: DecisionSubjects;
  readonly shadow: ShadowPolicies;

  constructor(parts: WatchParts) {
    let made: Promise<Evaluator> | undefined;
    const evaluator = () => (made ??= loadCedar().then((cedar) => new Evaluator(cedar, 'watched')));
    this.subjects = new DecisionSubjects(parts);
    this.shadow = new ShadowPolicies({ ...parts, evaluator });
  }

  decided(request: JudgedRequest, decision: Decision, policies: PolicySet): void {
    this.subjects.note(request.principal, request.resource, policies);
    this.shadow.observe(request, decision, policies);
  }

  counts(): ReturnType<ShadowPolicies['counts']> {
    return this.shadow.counts();
  }

  async close(): Promise<void> {
    await this.shadow.close();
    await this.subjects.close();
  }
}
