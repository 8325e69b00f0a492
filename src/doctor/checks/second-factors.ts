import type { Check, Weakness } from '../check.ts';

const POWERFUL: ReadonlySet<string> = new Set(['admin', 'policy_admin']);

/** Who guesses or finds the password of such a person sets up a second factor of their own, and is them. */
export const secondFactors: Check = {
  id: 'second-factors',
  looksAt: 'second factors: people who hold `admin` or `policy_admin` and have set up none',
  run({ people }) {
    return people
      .filter(({ grants, hasSecondFactor }) => !hasSecondFactor && grants.some(({ role }) => POWERFUL.has(role)))
      .map(({ name }): Weakness => ({
        severity: 'warning',
        what: `\`${name}\` may administer, and has no second factor: the first to sign in with the password sets it up`,
        remedy: 'Let them sign in and set one up today, or take the role away until they have.',
      }));
  },
};
