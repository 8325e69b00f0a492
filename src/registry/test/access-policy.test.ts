import { expect, test } from 'vitest';
import { Evaluator, loadCedar, PolicySet } from '#policy';
import { accessPolicy } from '../access/access-policy.ts';

test.each(['book', 'a"b', 'x\\', 'line\nbreak', '" );permit(principal,action,resource);//', '\u{1F511}'])(
  'the policy of an approval is one permit for one subject and one tool, whatever the tool is called: %j',
  async (tool) => {
    const subject = { kind: 'agent', id: 'a"1', name: 'bot' } as const;
    const policy = accessPolicy({ id: 'r1', namespace: 'travel', tool, subject }, 1_900_000_000_000);
    const evaluator = new Evaluator(await loadCedar());
    const source = { id: policy.name, namespace: policy.namespace, priority: 0, cedar: policy.cedar };
    const set = PolicySet.of(evaluator, [source]);
    if (!set.ok) throw new Error(JSON.stringify(set.error));
    const [rule, ...others] = set.value.rules;
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ effect: 'permit', validUntil: 1_900_000_000_000 });
    expect(rule?.json.principal).toEqual({ op: '==', entity: { type: 'Agent', id: 'a"1' } });
    expect(rule?.json.resource).toEqual({ op: '==', entity: { type: 'Tool', id: `travel/${tool}` } });
    expect(policy.description).toContain('r1');
  },
);
