import { loadPolicyExamination } from '#policy';
import { didYouMean } from '#kernel';
import type { Check, LimitSeen, Patient, Weakness } from '../check.ts';

/** A rule that names what is not there protects nothing, and opens to whoever takes the name. */
export const names: Check = {
  id: 'names',
  looksAt: 'names in policies and limits that nobody and nothing has',
  async run(patient) {
    return [...(await inPolicies(patient)), ...patient.limitDocuments.flatMap((limit) => inLimit(limit, patient))];
  },
};

async function inPolicies({ policies = [], known }: Patient): Promise<readonly Weakness[]> {
  if (known === undefined) return [];
  const { unknownNames } = await loadPolicyExamination();
  const found = policies.filter(({ standing }) => standing !== 'off').flatMap(({ rules = [] }) => rules);
  return found.flatMap((rule) =>
    unknownNames(rule, known.names).map(({ message }): Weakness => ({
      severity: 'warning',
      what: `the policy \`${rule.id}\` names what is not there: ${message}`,
      remedy: 'Correct the name, or take the rule away: whatever is called so one day falls under it.',
    })),
  );
}

function inLimit(
  { id, namespace, tools = [], toolsets = [], agents = [] }: LimitSeen,
  patient: Patient,
): readonly Weakness[] {
  const { known, agents: there } = patient;
  if (known === undefined) return [];
  const here = (one: { readonly namespace: string }): boolean => namespace === '*' || one.namespace === namespace;
  const amiss = (kind: string, named: readonly string[], candidates: readonly string[] | undefined): Weakness[] =>
    candidates === undefined
      ? []
      : named
          .filter((name) => !candidates.includes(name))
          .map((name) => ({
            severity: 'warning',
            what: `the limit \`${id}\` names what is not there: there is no ${kind} \`${name}\`${didYouMean(name, candidates)}`,
            remedy: 'Correct the name: as it stands the limit holds nobody back.',
          }));
  const nameOf = (tool: { readonly entity: { readonly id: string } }): string =>
    tool.entity.id.slice(tool.entity.id.indexOf('/') + 1);
  return [
    ...amiss('tool', tools, known.names.tools?.filter(here).map(nameOf)),
    ...amiss(
      'toolset',
      toolsets,
      known.toolsets?.filter(here).map(({ name }) => name),
    ),
    ...amiss(
      'agent',
      agents,
      there.flatMap(({ id: agent, name }) => [agent, name]),
    ),
  ];
}
