/** What every trial of a fault is given; what it says is what a trial of a crash says. */
import type { Verdict } from '../crash/trial.ts';

export { holds, none, skipped, type Verdict } from '../crash/trial.ts';

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
