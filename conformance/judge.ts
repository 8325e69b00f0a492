/**
 * What a run of the suite is worth, by `expected-counts.json`. The suite's exit code alone is not
 * enough: a scenario that was skipped, or that ran half of its checks, exits with 0.
 */
import type { Check, SuiteRun } from './suite.ts';

/** What one revision must show. */
export interface Expected {
  /** Scenarios that the revision requires, and how many of their checks must pass. */
  readonly scored: Readonly<Record<string, number>>;
  /** Scenarios that it does not require and that must pass all the same. */
  readonly unscored: Readonly<Record<string, number>>;
  /** Scenarios about something that this server does not offer, and why. They are shown, not judged. */
  readonly notOffered: Readonly<Record<string, string>>;
  /** Scenarios that cannot pass whole here, by name. */
  readonly differences?: Readonly<Record<string, Difference>>;
}

/** Checks of a scenario that fail for a reason of the protocol's own, and must fail. */
export interface Difference {
  readonly fails: readonly string[];
  /** How many checks pass all the same. */
  readonly passes: number;
  readonly because: string;
}

export interface Verdict {
  readonly scenario: string;
  readonly group: 'scored' | 'unscored' | 'not offered';
  readonly passed: number;
  /** Undefined where nothing is expected. */
  readonly wanted: number | undefined;
  /** Why the scenario fails; empty when it passes. */
  readonly faults: readonly string[];
}

/** One verdict per scenario, in the order of the table, then those that the table does not know. */
export function judge(run: SuiteRun, expected: Expected): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  for (const group of ['scored', 'unscored'] as const) {
    for (const [scenario, wanted] of Object.entries(expected[group])) {
      const difference = expected.differences?.[scenario];
      verdicts.push(judged(scenario, group, difference?.passes ?? wanted, run.scenarios.get(scenario), difference));
    }
  }
  for (const [scenario, checks] of run.scenarios) {
    if (scenario in expected.scored || scenario in expected.unscored) continue;
    const known = scenario in expected.notOffered;
    verdicts.push({
      scenario,
      group: 'not offered',
      passed: count(checks, 'SUCCESS'),
      wanted: undefined,
      faults: known ? [] : ['this scenario is not in expected-counts.json'],
    });
  }
  return verdicts;
}

function judged(
  scenario: string,
  group: Verdict['group'],
  wanted: number,
  checks: readonly Check[] | undefined,
  difference: Difference | undefined,
): Verdict {
  if (checks === undefined) return { scenario, group, passed: 0, wanted, faults: ['the suite did not run it'] };
  const passed = count(checks, 'SUCCESS');
  // A warning is a SHOULD that was not met: allowed by the suite, not by us.
  const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const faults = failed
    .filter(({ id }) => difference?.fails.includes(id) !== true)
    .map(({ id, description, errorMessage }) => `${id}: ${errorMessage ?? description}`);
  for (const id of difference?.fails ?? [])
    if (!failed.some((check) => check.id === id)) faults.push(`${id} does not fail any more: strike it from the table`);
  if (faults.length === 0 && passed < wanted) faults.push(`${wanted - passed} expected checks did not run`);
  return { scenario, group, passed, wanted, faults };
}

const count = (checks: readonly Check[], status: Check['status']): number =>
  checks.filter((check) => check.status === status).length;
