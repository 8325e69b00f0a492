/** A decision as a sentence or two, for people. Pure. */
import type { ExplainedRule, Explanation, Fact, OwedObligation } from './explanation.ts';

/** Whom and what it is about, as people call them. */
export interface Named {
  readonly principal: string;
  readonly action: string;
  readonly tool: string;
}

export function sentence({ principal, action, tool }: Named, explanation: Explanation): string {
  const { decision } = explanation;
  const head = `${principal} ${decision.allowed ? 'may' : 'may not'} ${action} \`${tool}\`: `;
  return head + reason(explanation);
}

function reason(explanation: Explanation): string {
  const { decision, rules, facts } = explanation;
  switch (decision.because) {
    case 'permit': {
      const permits = deciding(rules);
      const over = listed(
        decision.overridden,
        (ids) => `, and outweighs ${ids}, which ${decision.overridden.length === 1 ? 'is' : 'are'} overridable`,
      );
      return `${names(permits)} permit${permits.length === 1 ? 's' : ''} it${over}${owed(explanation.obligations)}.${seen(facts)}`;
    }
    case 'forbid': {
      const forbids = deciding(rules);
      const [only] = forbids;
      const permits = rules.filter(({ part }) => part === 'forbidden');
      const but = permits.length === 0 ? '' : `, whatever ${names(permits)} say${permits.length === 1 ? 's' : ''}`;
      const rank =
        forbids.length === 1 && only?.overridable === true
          ? permits.length === 0
            ? '; it is overridable, and no permit matched'
            : '; it is overridable, and no permit that matched ranks above it'
          : '';
      return `${names(forbids)} forbid${forbids.length === 1 ? 's' : ''} it${but}${rank}.${seen(facts)}`;
    }
    case 'nothing': {
      if (rules.length === 0) return 'no rule is about it, and what nothing permits is denied.';
      const past = rules.filter(({ said }) => said === 'past' || said === 'not-yet').length;
      const outside = past === 0 ? '' : `, ${past} of them outside of the time that they hold`;
      return `${count(rules.length, 'rule')} ${rules.length === 1 ? 'is' : 'are'} about it${outside}, and none that permits it matched.${seen(facts)}`;
    }
    case 'error':
      return `${decision.errors.map(({ rule, message }) => (rule === '' ? message : `\`${rule}\` could not be evaluated (${message})`)).join('; ')}. What cannot be decided is denied.`;
    case 'argument':
      return `a rule looks at ${decision.errors.map(({ message }) => message).join(', ')}, which has a value that policies cannot say exactly. What cannot be decided is denied.`;
  }
}

const deciding = (rules: readonly ExplainedRule[]) => rules.filter(({ part }) => part === 'decides');

const names = (rules: readonly ExplainedRule[]): string =>
  joined(rules.map(({ id, priority }) => `\`${id}\` (priority ${priority})`));

const joined = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const listed = (ids: readonly string[], say: (ids: string) => string): string =>
  ids.length === 0 ? '' : say(joined(ids.map((id) => `\`${id}\``)));

const owed = (obligations: readonly OwedObligation[]): string =>
  obligations.length === 0
    ? ''
    : `, in return for ${joined(obligations.map(({ kind, value }) => (value === '' ? kind : `${kind} ${value}`)))}`;

const seen = (facts: readonly Fact[]): string =>
  facts.length === 0
    ? ''
    : ` Looked at: ${facts.map(({ name, value }) => `${name} ${value === undefined ? 'is not there' : `= ${shown(value)}`}`).join(', ')}.`;

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** A value of Cedar as people write it: `10.5` and not the function that makes a decimal of it. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && '__extn' in value)
    return (value as { __extn: { arg: string } }).__extn.arg;
  return JSON.stringify(value);
}
