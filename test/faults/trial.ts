/** What every trial of a fault is given; what it says is what a trial of a crash says. */
import type { Verdict as Fact } from '../crash/trial.ts';

export { holds, none, skipped } from '../crash/trial.ts';

/** A fact, or a goal that is not reached yet, which is said and fails nothing. */
export type Verdict = Omit<Fact, 'passed'> & {
  readonly passed: Fact['passed'] | 'goal';
  /** By the clock: what does not hold may be the machine's fault. */
  readonly timed?: true;
};

/** A fact by the clock. Where such alone do not hold, the trial is held once more: what is slow stays slow. */
export const timely = (what: string, passed: boolean, seen: string): Verdict => ({ what, seen, passed, timed: true });

/** What is wanted and known not to be kept everywhere: shown, whatever it is. */
export const goal = (fact: Fact): Verdict => (fact.passed === false ? { ...fact, passed: 'goal' } : fact);

export interface Extent {
  /** Faults are shorter, and floods smaller. */
  readonly short: boolean;
  /** Told how far it is. */
  readonly progress: (line: string) => void;
}

export interface Trial {
  readonly name: string;
  /** Where the machine has not what the trial takes. */
  readonly missing?: string | undefined;
  /** Rejects when the trial itself could not be held; what it found is in the verdicts. */
  run(extent: Extent): Promise<readonly Verdict[]>;
}
