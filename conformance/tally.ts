/** What came of a run, scenario by scenario, as a table; and the sum of all runs. */
import { judge, type Expected, type Verdict } from './judge.ts';
import type { SuiteRun } from './suite.ts';
import { table } from './table.ts';

export class Tally {
  passed = 0;
  failed = 0;

  /** Counts something beside the suite. */
  count(title: string, isGood: boolean): void {
    if (isGood) this.passed += 1;
    else this.failed += 1;
    console.log(isGood ? title : `✗ ${title}`);
  }

  /** `started` is a moment of `performance.now()`. */
  report(title: string, run: SuiteRun, expected: Expected, started: number): void {
    const verdicts = judge(run, expected);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`\n${title}: ${verdicts.length} scenarios in ${seconds} s\n`);
    console.log(`${table(['scenario', 'checks', 'verdict'], verdicts.map(row))}\n`);
    for (const { scenario, faults } of verdicts) for (const fault of faults) console.log(`✗ ${scenario}: ${fault}`);
    for (const [reason, of] of Map.groupBy(Object.keys(expected.notOffered), (name) => expected.notOffered[name]))
      console.log(`– not offered: ${of.join(', ')}\n  ${reason}`);
    const differences = Object.entries(expected.differences ?? {});
    for (const [scenario, { fails, because }] of differences)
      console.log(`– different here: ${scenario}, ${fails.join(', ')}\n  ${because}`);

    const faults = verdicts.reduce((sum, verdict) => sum + verdict.faults.length, 0);
    for (const verdict of verdicts) if (verdict.wanted !== undefined) this.passed += verdict.passed;
    this.failed += faults;
    // What must fail here makes the suite end with 1.
    const isOdd = run.exitCode !== 0 && faults === 0 && differences.length === 0;
    if (isOdd) this.count(`the suite ended with status ${run.exitCode}`, false);
    if (faults > 0 || isOdd) console.log(`The suite's own words: ${run.log}\n`);
  }
}

function row({ scenario, group, passed, wanted, faults }: Verdict): readonly string[] {
  const checks = wanted === undefined ? `${passed}` : `${passed}/${wanted}`;
  if (faults.length > 0) return [scenario, checks, 'FAILED'];
  return [scenario, checks, group === 'scored' ? 'passed' : group === 'unscored' ? 'passed (not scored)' : group];
}
