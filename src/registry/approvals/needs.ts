/**
 * Whose yes a call needs, and whether those who gave theirs are enough. Pure.
 *
 *   ''           anybody who may approve
 *   group:name   a member of the group of the namespace of the tool, or of the global one; `group:namespace/name` and
 *                `group:issuer#name` name one as policies do
 *   role:name    who holds the role in the namespace of the tool
 */
import { EVERYWHERE, rolesIn, type Principal } from '#contract';
import { isAskedBy, type Approval } from './approval.ts';

/** Anybody who may approve. */
export const ANYBODY = '';

/**
 * The needs that a person can fill, apart from what policy says of them. Nobody for their own call, nor for that of
 * a program that acts for them: one pair of eyes is not two. Who answers for an agent fills what anybody may, since
 * they and their agent are two; where a policy names others, it names them to watch just those two.
 */
export function fillable(
  approval: Pick<Approval, 'asker' | 'responsible' | 'namespace' | 'needs'>,
  person: Principal,
): readonly string[] {
  if (isAskedBy(approval, person)) return [];
  const isResponsible = approval.responsible === person.sub;
  return approval.needs.filter(
    (need) => need === ANYBODY || (!isResponsible && fillsNeed(need, person, approval.namespace)),
  );
}

/** Whether the person is one of those that the need is about, in that namespace. */
export function fillsNeed(need: string, person: Principal, namespace: string): boolean {
  if (need === ANYBODY) return true;
  const [kind, name] = splitNeed(need);
  if (kind === 'group') return labelsOf(name, namespace).some((label) => person.groups.includes(label));
  return kind === 'role' && (rolesIn(person, namespace) as readonly string[]).includes(name);
}

/** What principals call such a group. */
const labelsOf = (name: string, namespace: string): readonly string[] =>
  /[/#]/.test(name) ? [name] : [`${namespace}/${name}`, `${EVERYWHERE}/${name}`];

function splitNeed(need: string): readonly [kind: string, name: string] {
  const colon = need.indexOf(':');
  return [need.slice(0, colon), need.slice(colon + 1)];
}

/**
 * The needs that nobody fills yet, when each of these people fills one at most: a maximum matching, so that it
 * matters to nobody in which order they came. None left means that the call is approved.
 */
export function unmet(needs: readonly string[], people: readonly (readonly string[])[]): readonly string[] {
  const filledBy = new Map<number, number>();
  const tryToPlace = (person: number, tried: Set<number>): boolean => {
    for (const [at, need] of needs.entries()) {
      if (tried.has(at) || people[person]?.includes(need) !== true) continue;
      tried.add(at);
      const holder = filledBy.get(at);
      if (holder === undefined || tryToPlace(holder, tried)) {
        filledBy.set(at, person);
        return true;
      }
    }
    return false;
  };
  for (const person of people.keys()) tryToPlace(person, new Set());
  return needs.filter((_, at) => !filledBy.has(at));
}

/** A need in words. */
export function describeNeed(need: string): string {
  if (need === ANYBODY) return 'anybody who may approve';
  const [kind, name] = splitNeed(need);
  return kind === 'group' ? `a member of the group \`${name}\`` : `somebody with the role \`${name}\``;
}
