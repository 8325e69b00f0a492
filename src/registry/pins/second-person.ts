/**
 * Four eyes on a definition: who made it does not approve it, whichever way they come in, and where policy names
 * whose yes it takes, those say it. Pure.
 */
import type { Principal } from '#contract';
import { describeNeed, fillsNeed, unmet } from '../approvals/needs.ts';
import { isPersonThemselves } from '../approvals/person.ts';
import { toolError } from '../tools/errors.ts';

/** On which terms a definition waits. */
export interface PendingTerms {
  /** Whose yes policy wants, each of another person; empty where any second person will do. */
  readonly needs: readonly string[];
  /** Ids of the people behind those who made the definition. */
  readonly makers: readonly string[];
  /** Who said yes so far, and which of the needs they fill. */
  readonly yes: readonly { readonly by: string; readonly fills: readonly string[] }[];
}

export const NO_TERMS: PendingTerms = Object.freeze({ needs: [], makers: [], yes: [] });

const isOperator = ({ kind, via }: Principal): boolean => kind === 'user' && via.method === 'local';

/** Who may write in the data directory needs nobody's leave, and speaks for nobody whom policy names. */
export function checkPerson(principal: Principal, makers: readonly string[], person: string | undefined): void {
  if (isOperator(principal)) return;
  const { kind, act, name } = principal;
  if (kind !== 'user') throw toolError('SECOND_PERSON_NEEDED', `\`${name}\` is no person`);
  // An agent that acts for a person has their rights, and not their eyes (RFC 8693 §4.1).
  if (act !== undefined) throw toolError('SECOND_PERSON_NEEDED', `somebody acts for \`${name}\`, who is not here`);
  if (person !== undefined && makers.includes(person)) {
    throw toolError('SECOND_PERSON_NEEDED', `the definition is \`${name}\`'s own, or of an agent of theirs`);
  }
}

/** The terms with that person's yes. Throws `SECOND_PERSON_NEEDED`, and says who may. */
export function agreed(terms: PendingTerms, principal: Principal, namespace: string): PendingTerms {
  const { needs, yes } = terms;
  const { name, sub } = principal;
  const who = needs.map(describeNeed).join(' and ');
  if (!isPersonThemselves(principal)) {
    throw toolError('SECOND_PERSON_NEEDED', `it takes the yes of ${who}, signed in themselves; \`${name}\` is not`);
  }
  const fills = needs.filter((need) => fillsNeed(need, principal, namespace));
  if (fills.length === 0)
    throw toolError('SECOND_PERSON_NEEDED', `it takes the yes of ${who}; \`${name}\` is none of them`);
  return { ...terms, yes: [...yes.filter(({ by }) => by !== sub), { by: sub, fills }] };
}

/** What still needs somebody. */
export const openTerms = ({ needs, yes }: PendingTerms): readonly string[] =>
  unmet(
    needs,
    yes.map(({ fills }) => fills),
  );

export const inWords = (needs: readonly string[]): string => needs.map(describeNeed).join(' and ');
