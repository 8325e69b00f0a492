/**
 * crash: what a server that is killed, or whose disk is full, loses and breaks. Nothing, is the claim.
 *
 *   npm run crash -- [--short] [--kills N] [--minutes N] [--only TRIAL] [--require-all]
 *
 * A trial kills 200 times, with `--short` 20, and has 30 minutes for it; after every 20 kills it says what
 * it knows so far. What a machine lacks for a trial is said, and with `--require-all` it fails.
 *
 * Each trial starts servers as processes of its own, on folders and a PostgreSQL of its own, and ends
 * only those. Ends with `crash: N passed, N failed` and exits 1 when something failed.
 */
import { parseArgs } from 'node:util';
import { diskTrials } from './disk-trials.ts';
import { flushTrial } from './flush-trial.ts';
import { killTrials } from './kill-trials.ts';
import { tokenTrials } from './token-trials.ts';
import type { Trial, Verdict } from './trial.ts';

const TRIALS: readonly Trial[] = [...killTrials, ...tokenTrials, flushTrial, ...diskTrials];
const KILLS = { short: 20, long: 200 } as const;

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    kills: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    only: { type: 'string', multiple: true },
    'require-all': { type: 'boolean', default: false },
  },
});
const kills = values.kills === undefined ? KILLS[values.short ? 'short' : 'long'] : Number(values.kills);
const minutes = Number(values.minutes);
const trials = TRIALS.filter(({ name }) => values.only?.includes(name) ?? true);
const unknown = values.only?.find((name) => !TRIALS.some((trial) => trial.name === name));
const problem = [
  Number.isInteger(kills) && kills > 0 ? '' : `\`--kills ${values.kills}\` is no number of kills`,
  minutes > 0 ? '' : `\`--minutes ${values.minutes}\` is no number of minutes`,
  unknown === undefined
    ? ''
    : `there is no trial \`${unknown}\`; there are ${TRIALS.map(({ name }) => name).join(', ')}`,
].find((text) => text !== '');
if (problem !== undefined) {
  console.error(problem);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const trial of trials) {
  console.log(`\n${trial.name}`);
  for (const said of await held(trial)) {
    const verdict = values['require-all'] && said.passed === 'skipped' ? { ...said, passed: false } : said;
    if (verdict.passed === true) passed++;
    if (verdict.passed === false) failed++;
    console.log(`  ${mark(verdict)} ${verdict.what}: ${verdict.seen}`);
  }
}
console.log(`\ncrash: ${passed} passed, ${failed} failed`);
// Not by the code alone: a server that somebody forgot to end must not keep the run alive.
process.exit(failed === 0 ? 0 : 1);

async function held(trial: Trial): Promise<readonly Verdict[]> {
  const until = performance.now() + minutes * 60_000;
  try {
    return await trial.run({ kills, until, progress });
  } catch (error) {
    return [{ what: 'the trial could be held', seen: (error as Error).stack ?? String(error), passed: false }];
  } finally {
    progress('');
  }
}

/** On a terminal a line that changes; elsewhere, and where it is to be kept, a line of its own. */
function progress(line: string, { keep }: { readonly keep?: boolean } = {}): void {
  const isTerminal = process.stderr.isTTY;
  if (isTerminal) process.stderr.write(`\r  ${line}\u001b[K${keep === true ? '\n' : ''}`);
  else if (keep === true) process.stderr.write(`  ${line}\n`);
}

function mark({ passed: fact }: Verdict): string {
  return fact === 'skipped' ? '–' : fact ? '✓' : '✗';
}
