/** What a check is to the runner: a name, and one run that ends in a verdict. */
export interface Check {
  /** The word for `--only` and `--skip`. */
  readonly name: string;
  /** What it proves, in a few words. */
  readonly proves: string;
  run(root: string): Promise<Verdict>;
}

export interface Verdict {
  /** `unverified`: the answer lies outside this machine and could not be had; it fails nobody. */
  readonly outcome: 'passed' | 'failed' | 'unverified';
  /** What was looked at, or what went wrong, in one line. */
  readonly summary: string;
  /** One finding a line, each beginning with its place and saying what to do. */
  readonly findings: readonly string[];
}

export const passed = (summary: string): Verdict => ({ outcome: 'passed', summary, findings: [] });

export const failed = (summary: string, findings: readonly string[]): Verdict => ({
  outcome: 'failed',
  summary,
  findings,
});

export const unverified = (summary: string): Verdict => ({ outcome: 'unverified', summary, findings: [] });

/** Passed when nothing was found: `summary` says what was looked at. */
export function verdictOf(findings: readonly string[], summary: string): Verdict {
  return findings.length === 0 ? passed(summary) : failed(counted(findings.length, 'finding'), findings);
}

/** `1 finding`, `3 findings`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
