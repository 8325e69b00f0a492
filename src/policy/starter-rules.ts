/**
 * The starter policies as Cedar parses them, so that a server on which nobody wrote another policy does not load the
 * library to read what everybody begins with. Whoever changes a character of one has another text, which Cedar
 * reads; `plain-rules.test.ts` holds these against what Cedar makes of the texts.
 */
import type { Role } from '#contract';
import type { Clause, PolicyJson } from './language/cedar.ts';
import { rulesOf, type ParsedRule, type PolicySource, type Rule } from './language/rule.ts';
import { STARTER_POLICIES } from './starter.ts';

/** The rules of a policy with the text of a starter policy, whatever it is called; undefined for every other. */
export function starterRules(policy: PolicySource): readonly Rule[] | undefined {
  const parsed = PARSED.get(policy.cedar);
  const rules = parsed && rulesOf(policy, parsed);
  return rules?.ok === true ? rules.value : undefined;
}

function permit(role: Role, action: PolicyJson['action'], when: readonly Clause[], id: string): PolicyJson {
  return {
    effect: 'permit',
    principal: { op: 'in', entity: { type: 'Role', id: role } },
    action,
    resource: { op: 'All' },
    conditions: [...when],
    annotations: { id },
  };
}

const called = (role: Role, id: string): PolicyJson =>
  permit(
    role,
    { op: 'in', entities: ['read', 'execute'].map((name) => ({ type: 'Action', id: name })) },
    [
      {
        kind: 'when',
        body: {
          '==': { left: { '.': { left: { Var: 'resource' }, attr: 'origin' } }, right: { Value: 'declared' } },
        },
      },
    ],
    id,
  );

const doing = (action: string, role: Role, id: string): PolicyJson =>
  permit(role, { op: '==', entity: { type: 'Action', id: action } }, [], id);

const RULES: Readonly<Record<string, readonly PolicyJson[]>> = {
  '*/declared-tools': [
    called('user', 'Users call declared tools'),
    called('admin', 'Administrators call declared tools'),
  ],
  '*/approvals': [
    doing('approve', 'user', 'Users approve'),
    doing('approve', 'admin', 'Administrators approve'),
    doing('approve', 'policy_admin', 'Who writes policies approves'),
  ],
  '*/publications': [
    doing('publish', 'tool_publisher', 'Publishers publish'),
    doing('publish', 'admin', 'Administrators publish'),
    doing('publish', 'policy_admin', 'Who writes policies publishes'),
  ],
};

const PARSED: ReadonlyMap<string, readonly ParsedRule[]> = new Map(
  STARTER_POLICIES.flatMap(({ id, cedar }) => {
    const rules = RULES[id];
    return rules === undefined ? [] : [[cedar, parsedAlong(cedar, rules)] as const];
  }),
);

/** A starter policy has an empty line between its rules, and nowhere else. */
function parsedAlong(cedar: string, rules: readonly PolicyJson[]): readonly ParsedRule[] {
  const texts = cedar.trimEnd().split('\n\n');
  return rules.map((json, index): ParsedRule => {
    const text = texts[index] ?? '';
    const [, description] = /@description\("([^"]*)"\)/.exec(text) ?? [];
    const annotations = { ...json.annotations, ...(description !== undefined && { description }) };
    return { text, at: cedar.indexOf(text), json: { ...json, annotations } };
  });
}
