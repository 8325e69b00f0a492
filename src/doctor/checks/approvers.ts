import { loadPolicyExamination, type ExaminedPolicy } from '#policy';
import type { Check, PersonSeen, Weakness } from '../check.ts';

/** A call that waits for a yes that nobody can give is a call that is forbidden, and nobody has said so. */
export const approvers: Check = {
  id: 'approvers',
  looksAt: 'approvals: whether somebody is there who could give those that policies ask for',
  async run({ policies, people, settings }) {
    if (policies === undefined) return [];
    const { isForAction, peopleOf } = await loadPolicyExamination();
    const inForce = policies.filter(({ standing }) => standing === 'in force');
    const permits = inForce.flatMap(({ namespace, rules = [] }) =>
      rules
        .filter((rule) => rule.effect === 'permit' && isForAction(rule, 'approve'))
        .map((rule) => ({ namespace, people: peopleOf(rule) })),
    );
    const deciders = settings.approvals.deciders.flatMap(({ approves }) => approves);
    return inForce.flatMap(({ id, namespace, rules = [] }) =>
      [...new Set(rules.flatMap(({ obligations }) => obligations.approvals))]
        .filter((need) => !deciders.includes(need))
        .filter((need) => !people.some((one) => fills(one, need, namespace) && mayApprove(one, permits, namespace)))
        .map((need): Weakness => ({
          severity: 'warning',
          what: `the policy \`${id}\` asks for the yes of ${whose(need)}, and nobody who may sign in could give it`,
          remedy:
            'Give somebody the role or the group, and a policy that permits them `approve`; until then such calls wait in vain.',
        })),
    );
  },
};

const whose = (need: string): string => (need === '' ? 'somebody who may approve' : `\`${need}\``);

/** As `role:name` and `group:name` are meant where a call is approved. */
function fills({ grants, groups }: PersonSeen, need: string, namespace: string): boolean {
  const name = need.slice(need.indexOf(':') + 1);
  if (need.startsWith('role:'))
    return grants.some((grant) => grant.role === name && holdsIn(grant.namespace, namespace));
  if (!need.startsWith('group:')) return true;
  if (/[/#]/.test(name)) return groups.includes(name);
  if (namespace === '*') return groups.some((group) => group.endsWith(`/${name}`));
  return groups.includes(`${namespace}/${name}`) || groups.includes(`*/${name}`);
}

/** Of a policy of no namespace, any will do: it is about calls in each. */
const holdsIn = (held: string, namespace: string): boolean => namespace === '*' || held === '*' || held === namespace;

/** By the heads of policies alone: conditions may say no where this says yes, and never the other way. */
function mayApprove(
  { id, grants, groups }: PersonSeen,
  permits: readonly {
    readonly namespace: ExaminedPolicy['namespace'];
    readonly people: readonly { readonly type: string; readonly id: string }[] | undefined;
  }[],
  namespace: string,
): boolean {
  return permits.some(
    (permit) =>
      (permit.namespace === '*' || namespace === '*' || permit.namespace === namespace) &&
      (permit.people === undefined ||
        permit.people.some((uid) => {
          if (uid.type === 'Role')
            return grants.some((grant) => grant.role === uid.id && holdsIn(grant.namespace, namespace));
          if (uid.type === 'Group') return groups.includes(uid.id);
          return uid.type === 'Namespace' || uid.id === id;
        })),
  );
}
