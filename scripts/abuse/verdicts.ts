/** What became of each entry of the list of attacks, from the tests that ran. */

export interface AbuseList {
  readonly areas: Readonly<Record<string, { readonly covered: boolean; readonly comes?: string | undefined }>>;
  /** By id: area and title. */
  readonly entries: Readonly<Record<string, readonly [area: string, title: string]>>;
}

export interface RanTest {
  /** From the outermost suite to the test itself. */
  readonly titles: readonly string[];
  readonly status: string;
  /** Why it failed, in its own words. */
  readonly failures?: readonly string[];
}

export interface Verdict {
  readonly id: string;
  readonly title: string;
  readonly verdict: string;
  readonly isFailure: boolean;
}

/** The ids that a title is named by: one that it begins with, and those in parentheses. */
export const idsOf = (title: string): readonly string[] =>
  [...title.matchAll(/^([A-Z]{2,3}-\d{3})\b|\(([A-Z]{2,3}-\d{3})\)/g)].map(
    ([, first, other]) => (first ?? other) as string,
  );

/**
 * One verdict an entry, in the order of the list. An entry passed when a test of it ran and none failed;
 * an entry of a covered area that no test ran for is a failure.
 */
export function verdicts({ areas, entries }: AbuseList, tests: readonly RanTest[]): Verdict[] {
  const byId = new Map<string, string[]>();
  for (const { titles, status } of tests) {
    for (const id of new Set(titles.flatMap(idsOf))) byId.set(id, [...(byId.get(id) ?? []), status]);
  }
  return Object.entries(entries).map(([id, [area, title]]) => {
    const ran = byId.get(id)?.filter((status) => status === 'passed' || status === 'failed') ?? [];
    if (ran.includes('failed')) return { id, title, verdict: 'failed', isFailure: true };
    if (ran.length > 0) return { id, title, verdict: 'passed', isFailure: false };
    const { covered, comes } = areas[area] ?? { covered: true, comes: undefined };
    if (covered) return { id, title, verdict: 'has no test that runs here', isFailure: true };
    return { id, title, verdict: `not yet, comes ${comes ?? 'later'}`, isFailure: false };
  });
}

/** The tests behind the failures, one line each: title, and the first line of the reason. */
export function failedTests(tests: readonly RanTest[]): string[] {
  return tests
    .filter(({ titles, status }) => status === 'failed' && titles.some((title) => idsOf(title).length > 0))
    .map(({ titles, failures = [] }) => `${titles.join(' > ')}: ${failures[0]?.split('\n')[0] ?? 'no reason given'}`);
}

/** The ids of the corpus that the list does not have. */
export function missingFrom(listed: readonly string[], corpus: string): string[] {
  const known = new Set(listed);
  return [...corpus.matchAll(/^- id: ([A-Z]{2,3}-\d{3})$/gm)].flatMap(([, id = '']) => (known.has(id) ? [] : [id]));
}
