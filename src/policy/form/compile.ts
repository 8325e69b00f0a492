/**
 * A form as Cedar: one rule, its conditions a line each, in one order and one spelling, so that the form can be
 * found again (`read.ts`). Pure.
 *
 * Whom and what it is about stands in the first conditions and not in the head, which takes no lists; decisions
 * look at it there before they ask Cedar (`language/scope.ts`).
 */
import { POLICY_ACTIONS, type PolicyAction, type PolicyForm } from '#contract';
import { timeCondition } from './hours.ts';
import { parameterCondition } from './parameters.ts';

/** What a permit is about that says nothing of it: whoever may call is not by that somebody who may approve. */
export const USUAL_ACTIONS: readonly PolicyAction[] = ['execute', 'read', 'vend'];

export const PRINCIPALS = { roles: 'Role', groups: 'Group', users: 'User', agents: 'Agent' } as const;
export const RESOURCES = { tools: 'Tool', toolsets: 'Toolset', sources: 'Source', servers: 'Server' } as const;

export const SIGNED_IN = '!(principal is Anonymous)';

export function compileForm(form: PolicyForm): string {
  const head = `${form.effect} (principal, ${actionsOf(form)}, resource)`;
  const conditions = [whoOf(form), whatOf(form), timeCondition(form), ...circumstancesOf(form)];
  const lines = conditions.flatMap((condition) => (condition === undefined ? [] : [`when { ${condition} }`]));
  return `${[...annotationsOf(form), head, ...lines].join('\n')};\n`;
}

function annotationsOf(form: PolicyForm): readonly string[] {
  const { requireApproval, duration, scopes, mask, limits, validFrom, validUntil } = form;
  const given: readonly (readonly [name: string, value: string | undefined])[] = [
    ['approval', requireApproval === true ? undefined : requireApproval],
    ['duration', duration],
    ['scopes', scopes?.join(' ')],
    ['mask', mask?.join(' ')],
    ['limit', limits?.join('; ')],
    ['validFrom', validFrom],
    ['validUntil', validUntil],
  ];
  return [
    ...(form.overridable === true ? ['@overridable'] : []),
    ...(requireApproval === true ? ['@approval'] : []),
    ...given.flatMap(([name, value]) => (value === undefined ? [] : [`@${name}(${JSON.stringify(value)})`])),
  ];
}

function actionsOf({ effect, actions }: PolicyForm): string {
  const named = actions ?? (effect === 'permit' ? USUAL_ACTIONS : POLICY_ACTIONS);
  if (POLICY_ACTIONS.every((action) => named.includes(action))) return 'action';
  const [first, ...others] = named.map((action) => `Action::"${action}"`);
  return others.length === 0 ? `action == ${first}` : `action in [${[first, ...others].join(', ')}]`;
}

type ListField = keyof typeof PRINCIPALS | keyof typeof RESOURCES;

function named(types: Readonly<Partial<Record<ListField, string>>>, form: PolicyForm): string | undefined {
  const uids = Object.entries(types).flatMap(([field, type]) =>
    (form[field as ListField] ?? []).map((id) => `${type}::${JSON.stringify(id)}`),
  );
  return uids.length === 0 ? undefined : `[${uids.join(', ')}]`;
}

function whoOf(form: PolicyForm): string | undefined {
  const who = named(PRINCIPALS, form);
  if (who !== undefined) return `principal in ${who}`;
  return form.effect === 'permit' && form.everybody === undefined ? SIGNED_IN : undefined;
}

function whatOf(form: PolicyForm): string | undefined {
  const what = named(RESOURCES, form);
  const alternatives = [
    ...(what === undefined ? [] : [`resource in ${what}`]),
    ...(form.tags === undefined ? [] : [`resource.tags.containsAny(${listOf(form.tags)})`]),
  ];
  return alternatives.length === 0 ? undefined : alternatives.join(' || ');
}

const listOf = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;

function circumstancesOf({ addresses, countries, parameters }: PolicyForm): readonly string[] {
  const ranges = addresses?.map((range) => `context.address.isInRange(ip(${JSON.stringify(range)}))`);
  return [
    ...(ranges === undefined ? [] : [`context has address && (${ranges.join(' || ')})`]),
    ...(countries === undefined ? [] : [`context has country && ${listOf(countries)}.contains(context.country)`]),
    ...Object.entries(parameters ?? {}).map(([name, parameter]) => parameterCondition(name, parameter)),
  ];
}
