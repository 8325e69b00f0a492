/** Recorded steps that are not replayed, since the server for tests does not do what they are about: step and why. */
const rules = 'CEL rules of a definition are not run: a real server does that, in another layer of the tests';

const allOfThem = 'names every resource, schema or check that a real server has; this one has what an operator uses';
const rights = 'nobody is authenticated and everything is allowed';

export const outOfScope: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  '01-discovery': new Map([
    ...[0, 1, 2, 4, 5, 7, 15, 21, 22, 23].map((step) => [step, allOfThem] as const),
    [27, rights],
  ]),
  '02-crd': new Map([12, 15].map((step) => [step, rules])),
  '04-validation': new Map([0, 19, 20, 21, 22, 23, 24].map((step) => [step, rules])),
};
