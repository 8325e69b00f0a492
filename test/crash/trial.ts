/** What every trial is given, and what it says. */
export interface Trial {
  readonly name: string;
  /** Rejects when the trial itself could not be held; what it found is in the verdicts. */
  run(extent: Extent): Promise<readonly Verdict[]>;
}

export interface Extent {
  /** How often a server is killed, on each database. */
  readonly kills: number;
  /** When a trial must come to its end, as `performance.now()` counts. */
  readonly until: number;
  /** Told how far it is and what it knows so far; `keep` what whoever breaks it off wants to have. */
  readonly progress: (line: string, how?: { readonly keep: true }) => void;
}

/** One fact that must hold, with what was seen. `skipped` says what this machine lacks. */
export interface Verdict {
  readonly what: string;
  readonly seen: string;
  readonly passed: boolean | 'skipped';
}

/** A count that must be zero. */
export const none = (what: string, found: readonly string[] | number): Verdict => {
  const count = typeof found === 'number' ? found : found.length;
  const examples = typeof found === 'number' || count === 0 ? '' : `: ${found.slice(0, 3).join('; ')}`;
  return { what, seen: `${count}${examples}`, passed: count === 0 };
};

export const holds = (what: string, passed: boolean, seen = passed ? 'yes' : 'no'): Verdict => ({ what, seen, passed });

export const skipped = (what: string, seen: string): Verdict => ({ what, seen, passed: 'skipped' });
