/** Recorded steps that are not replayed, since the server for tests does not do what they are about: step and why. */
const rules = 'CEL rules of a definition are not run: a real server does that, in another layer of the tests';

export const outOfScope: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  '02-crd': new Map([12, 15].map((step) => [step, rules])),
  '04-validation': new Map([0, 19, 20, 21, 22, 23, 24].map((step) => [step, rules])),
};
