/** Sets of policies from texts, and one request that policies are about. */
import { EVERYWHERE } from '#contract';
import {
  Evaluator,
  loadCedar,
  PolicySet,
  principalEntity,
  toolEntity,
  type Circumstances,
  type Decision,
  type DecisionRequest,
  type PolicySource,
  type ToolFacts,
} from '#policy';
import { person } from './generated.fixture.ts';

export const evaluator = new Evaluator(await loadCedar());

export const PAY: ToolFacts = {
  ...{
    namespace: 'one',
    name: 'pay',
    kind: 'http',
    origin: 'declared',
    source: 'bank',
    toolsets: ['money'],
    tags: ['finance'],
    scopes: ['pay'],
  },
  ...{ readOnly: false, destructive: true, idempotent: false, openWorld: true },
};

export const CIRCUMSTANCES: Circumstances = {
  ...{ door: 'mcp', method: 'token', scopes: new Set(['pay']), mfa: true, actors: [] },
  now: Date.parse('2026-11-30T08:30:00Z'),
  argument: () => undefined,
};

export const requestWith = (more: Partial<Circumstances> = {}, tool: ToolFacts = PAY): DecisionRequest => ({
  principal: principalEntity(person('alice', ['desk']), tool.namespace),
  action: 'execute',
  resource: toolEntity(tool),
  namespace: tool.namespace,
  circumstances: { ...CIRCUMSTANCES, ...more },
});

export const policy = (cedar: string, more: Partial<PolicySource> = {}): PolicySource => ({
  ...{ id: '*/p', namespace: EVERYWHERE, priority: 0, cedar },
  ...more,
});

export function setOf(...sources: readonly (string | PolicySource)[]): PolicySet {
  const all = sources.map((source, index) =>
    typeof source === 'string' ? policy(source, { id: `*/p${index}` }) : source,
  );
  const set = PolicySet.of(evaluator, all);
  if (!set.ok) throw new Error(JSON.stringify(set.error));
  return set.value;
}

/** Of a permit that has this condition. */
export const decideWhen = (condition: string, more: Partial<Circumstances> = {}): Decision =>
  setOf(`permit(principal, action, resource) when { ${condition} };`).decide(requestWith(more));
