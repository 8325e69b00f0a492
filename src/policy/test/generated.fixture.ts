/** Policies and requests at random, as Cedar and as the oracle has them. */
import fc from 'fast-check';
import { EVERYWHERE, type Principal } from '#contract';
import { principalEntity, toolEntity, type DecisionRequest, type PolicySource } from '#policy';
import type { Condition, Field, Head, ReferenceRequest, ReferenceRule, Value } from './reference.ts';

const FIELDS: readonly Field[] = ['door', 'client', 'asn', 'mfa', 'args.amount', 'args.city'];
const VALUES: Readonly<Record<Field, readonly Value[]>> = {
  door: ['mcp', 'rest'],
  client: ['desk', 'bot'],
  asn: [1, 2],
  mfa: [true, false],
  'args.amount': [1, 5, 9],
  'args.city': ['Basel', 'Bern'],
};

const field = fc.constantFrom(...FIELDS);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('is' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('has' as const), field }),
  fc.record({ kind: fc.constant('named' as const), value: fc.constantFrom('alice', 'bob') }),
  fc.record({
    kind: fc.constant('within' as const),
    of: fc.constantFrom('principal' as const, 'resource' as const),
    uid: fc.constantFrom('Group::"desk"', 'Namespace::"one"', 'Toolset::"one/money"'),
  }),
  field.chain((name) =>
    fc.record({
      kind: fc.constant('equals' as const),
      field: fc.constant(name),
      value: fc.constantFrom(...VALUES[name]),
    }),
  ),
  // At a text it errs, as in Cedar.
  fc.record({
    kind: fc.constant('less' as const),
    field: fc.constantFrom<Field>('asn', 'args.amount', 'args.city'),
    value: fc.constantFrom<Value>(2, 5),
  }),
);
const condition: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('condition'),
      right: tie('condition'),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
  ),
})).condition;

const head = (...uids: readonly string[]): fc.Arbitrary<Head> =>
  fc.oneof(
    fc.constant({ op: 'all' as const }),
    fc.record({ op: fc.constantFrom('==' as const, 'in' as const), uid: fc.constantFrom(...uids) }),
  );

const rule = fc.record({
  namespace: fc.constantFrom(EVERYWHERE, 'one', 'two'),
  priority: fc.integer({ min: -2, max: 2 }),
  effect: fc.constantFrom('permit' as const, 'permit' as const, 'forbid' as const),
  overridable: fc.boolean(),
  mask: fc.constantFrom(undefined, 'card', 'email'),
  principal: head('User::"alice"', 'User::"bob"', 'Group::"desk"', 'Role::"user"', 'Namespace::"one"'),
  action: fc.constantFrom(undefined, 'execute', 'read'),
  resource: head(
    'Tool::"one/pay"',
    'Tool::"two/pay"',
    'Toolset::"one/money"',
    'Source::"one/bank"',
    'Namespace::"two"',
  ),
  when: condition,
});

/** Half of the forbids cannot be outweighed; annotations that do not fit an effect are left out. */
export const rules: fc.Arbitrary<readonly ReferenceRule[]> = fc.array(rule, { maxLength: 8 }).map((all) =>
  all.map((one, index) => ({
    ...one,
    id: `${one.namespace}/p${index}`,
    overridable: one.effect === 'forbid' && one.overridable,
    mask: one.effect === 'permit' ? one.mask : undefined,
  })),
);

export interface Case {
  readonly reference: ReferenceRequest;
  readonly request: DecisionRequest;
}

const context = fc.record(
  {
    client: fc.constantFrom('desk', 'bot'),
    asn: fc.constantFrom(1, 2),
    'args.amount': fc.constantFrom(1, 5, 9),
    'args.city': fc.constantFrom('Basel', 'Bern'),
  },
  { requiredKeys: [] },
);

export const request: fc.Arbitrary<Case> = fc
  .record({
    name: fc.constantFrom('alice', 'bob', 'carol'),
    desk: fc.boolean(),
    action: fc.constantFrom('execute' as const, 'read' as const),
    namespace: fc.constantFrom('one', 'two'),
    door: fc.constantFrom('mcp' as const, 'rest' as const),
    mfa: fc.boolean(),
    context,
  })
  .map(({ name, desk, action, namespace, door, mfa, context: optional }) => {
    const facts = {
      ...{
        namespace,
        name: 'pay',
        kind: 'http',
        origin: 'declared' as const,
        source: 'bank',
        toolsets: ['money'],
        tags: [],
        scopes: [],
      },
      ...{ readOnly: false, destructive: true, idempotent: false, openWorld: true },
    };
    const groups = desk ? ['desk'] : [];
    const given: Readonly<Partial<Record<Field, Value>>> = { ...optional, door, mfa };
    return {
      reference: {
        principal: [
          `User::"${name}"`,
          ...groups.map((group) => `Group::"${group}"`),
          'Role::"user"',
          'Namespace::"one"',
        ],
        action,
        resource: [
          `Tool::"${namespace}/pay"`,
          `Toolset::"${namespace}/money"`,
          `Source::"${namespace}/bank"`,
          `Namespace::"${namespace}"`,
        ],
        namespace,
        context: given,
      },
      request: {
        principal: principalEntity(person(name, groups), namespace),
        action,
        resource: toolEntity(facts),
        namespace,
        circumstances: {
          ...{ door, mfa, method: 'token', scopes: new Set<string>(), actors: [], now: 0 },
          client: optional.client,
          asn: optional.asn,
          argument: (argument) => given[`args.${argument}` as Field],
        },
      },
    };
  });

export const person = (name: string, groups: readonly string[] = []): Principal => ({
  ...{ kind: 'user', iss: 'chatelaine', sub: name, name, namespace: 'one', groups, roles: [] },
  grants: [{ role: 'user', namespace: EVERYWHERE }],
  access: new Set(['read', 'execute'] as const),
  scopes: new Set(),
  via: { method: 'local' },
});

/** The rule as a policy of its own. */
export function sourceOf(one: ReferenceRule): PolicySource {
  const annotations = `${one.overridable ? '@overridable ' : ''}${one.mask === undefined ? '' : `@mask("${one.mask}") `}`;
  const action = one.action === undefined ? 'action' : `action == Action::"${one.action}"`;
  const scope = `${headText('principal', one.principal)}, ${action}, ${headText('resource', one.resource)}`;
  const cedar = `${annotations}${one.effect}(${scope}) when { ${textOf(one.when)} };`;
  return { id: one.id, namespace: one.namespace, priority: one.priority, cedar };
}

const headText = (variable: string, one: Head): string =>
  one.op === 'all' ? variable : `${variable} ${one.op} ${one.uid}`;

function textOf(one: Condition): string {
  switch (one.kind) {
    case 'is':
      return String(one.value);
    case 'has': {
      const [first, second] = one.field.split('.');
      return second === undefined ? `context has ${first}` : `context.args has ${second}`;
    }
    case 'equals':
      return `context.${one.field} == ${JSON.stringify(one.value)}`;
    case 'less':
      return `context.${one.field} < ${JSON.stringify(one.value)}`;
    case 'named':
      return `principal.name == "${one.value}"`;
    case 'within':
      return `${one.of} in ${one.uid}`;
    case 'not':
      return `!(${textOf(one.of)})`;
    case 'and':
      return `(${textOf(one.left)}) && (${textOf(one.right)})`;
    case 'or':
      return `(${textOf(one.left)}) || (${textOf(one.right)})`;
  }
}
