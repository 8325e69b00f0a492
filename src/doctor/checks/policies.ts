import { loadPolicyExamination, type ExaminedPolicy } from '#policy';
import { DAY_MS, type Check, type Patient, type Weakness } from '../check.ts';

const LONGEST_WATCH_DAYS = 30;

/** Policies are the lock: whether there is one, whether it is shut, and whether it was meant to be by now. */
export const policies: Check = {
  id: 'policies',
  looksAt:
    'policies: whether any permits something, whether one permits everything, those that ended or are only tried out',
  async run({ policies: all, now }) {
    if (all === undefined) return [];
    return [
      ...(await missing(all, now)),
      ...(await open(all)),
      ...unreadable(all),
      ...ended(all, now),
      ...watched(all, now),
    ];
  },
};

type Examined = NonNullable<Patient['policies']>;

const inForce = (all: Examined): Examined => all.filter(({ standing }) => standing === 'in force');

async function missing(all: Examined, now: number): Promise<readonly Weakness[]> {
  const { isForAction } = await loadPolicyExamination();
  const permits = inForce(all).some(({ rules = [] }) =>
    rules.some(
      (rule) => rule.effect === 'permit' && isForAction(rule, 'execute') && (rule.validUntil ?? Infinity) > now,
    ),
  );
  if (permits) return [];
  const what = 'no policy in force permits any call: nobody may call anything';
  const remedy =
    'Write one that permits what is needed (docs/policies.md); `chatelaine policy list` shows those there are.';
  return [{ severity: 'warning', what, remedy }];
}

async function open(all: Examined): Promise<readonly Weakness[]> {
  const { whomItOpensEverythingTo } = await loadPolicyExamination();
  return inForce(all).flatMap(({ rules = [], namespace }) =>
    rules.flatMap((rule): readonly Weakness[] => {
      const whom = whomItOpensEverythingTo(rule);
      if (whom === undefined) return [];
      const where = namespace === '*' ? 'every tool' : `every tool of \`${namespace}\``;
      const remedy =
        'Name whom and what it is for: a role, a group, a toolset; `chatelaine policy advise` proposes some.';
      return [
        whom === 'everybody'
          ? {
              severity: 'error',
              what: `the policy \`${rule.id}\` permits ${where} to everybody, without a condition`,
              remedy,
            }
          : {
              severity: 'warning',
              what: `the policy \`${rule.id}\` permits ${where} to every ${whom}, without a condition`,
              remedy,
            },
      ];
    }),
  );
}

const unreadable = (all: Examined): readonly Weakness[] =>
  inForce(all)
    .filter(({ rules }) => rules === undefined)
    .map(({ id }) => ({
      severity: 'error',
      what: `the policy \`${id}\` cannot be read: a server that starts denies all that it may be about`,
      remedy: 'Put it again, or delete it; `chatelaine policy validate` says what is wrong with a text.',
    }));

const ended = (all: Examined, now: number): readonly Weakness[] =>
  inForce(all).flatMap(({ rules = [] }) =>
    rules.flatMap(({ id, effect, validUntil }): readonly Weakness[] => {
      if (validUntil === undefined || validUntil > now) return [];
      const held = `the policy \`${id}\` held until ${new Date(validUntil).toISOString()}`;
      const what =
        effect === 'forbid' ? `${held}: what it forbade is forbidden no more` : `${held}, and is kept all the same`;
      return [{ severity: 'warning', what, remedy: 'Say a later `@validUntil`, or delete it.' }];
    }),
  );

const watched = (all: Examined, now: number): readonly Weakness[] =>
  all.filter(isWatchedForLong(now)).map(({ id, changedAt = now }) => ({
    severity: 'warning',
    what: `the policy \`${id}\` has been in the shadow for ${Math.floor((now - changedAt) / DAY_MS)} days: it decides nothing`,
    remedy: `\`chatelaine policy shadow\` says what it would have decided; then let it decide, or delete it.`,
  }));

const isWatchedForLong =
  (now: number) =>
  ({ standing, changedAt = now }: ExaminedPolicy): boolean =>
    standing === 'watched' && now - changedAt > LONGEST_WATCH_DAYS * DAY_MS;
