/** Recorded steps that are not replayed, since the server for tests does not do what they are about: step and why. */
const rules = 'rules of a definition are neither compiled nor costed when it comes: `npm run test:kubernetes` has that';

const allOfThem = 'names every resource, schema or check that a real server has; this one has what an operator uses';

const policies = 'ValidatingAdmissionPolicies are not evaluated: the operator has a webhook';

export const outOfScope: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  '01-discovery': new Map([...[0, 1, 2, 4, 5, 7, 15, 21, 22, 23].map((step) => [step, allOfThem] as const)]),
  '16-admission': new Map([0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 14, 15, 17].map((step) => [step, policies] as const)),
  '02-crd': new Map([12, 15].map((step) => [step, rules])),
};
