/**
 * faults: what happens to a running server when what it stands on fails, when its keys change and it restarts, and when
 * somebody means it ill.
 *
 *   npm run faults -- [--short] [--only TRIAL] [--require-all]
 *
 * A trial loads a server steadily, before, during and after the fault, and judges by what it saw before: the machine is
 * not ours alone. With `--short` faults last some seconds and floods are a tenth. What a machine lacks for a trial is
 * said, and with `--require-all` it fails. A goal that is not reached is said and fails nothing.
 *
 * Each trial starts servers as processes of its own, with folders, a PostgreSQL and a Redis of its own, and ends only
 * those. Ends with `faults: N passed, N failed` and exits 1 when something failed.
 */
import { parseArgs } from 'node:util';
import { clockTrial } from './clock-trial.ts';
import { countersTrial } from './counters-trial.ts';
import { databaseTrials } from './database-trials.ts';
import { hostileBodies } from './hostile-bodies.ts';
import { slowloris } from './hostile-connections.ts';
import { idleStreams } from './idle-streams.ts';
import { issuerKeysTrial } from './issuer-keys-trial.ts';
import { providerTrials } from './provider-trials.ts';
import { rollingTrial } from './rolling-trial.ts';
import { signingKeysTrial } from './signing-keys-trial.ts';
import { skipped, type Trial, type Verdict } from './trial.ts';
import { trustBundleTrial } from './trust-bundle-trial.ts';
import { upstreamTrials } from './upstream-trials.ts';
import { wrappingKeysTrial } from './wrapping-keys-trial.ts';

const TRIALS: readonly Trial[] = [
  ...databaseTrials,
  countersTrial,
  ...providerTrials,
  ...upstreamTrials,
  clockTrial,
  signingKeysTrial,
  wrappingKeysTrial,
  trustBundleTrial,
  issuerKeysTrial,
  rollingTrial,
  slowloris,
  idleStreams,
  hostileBodies,
];

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    'require-all': { type: 'boolean', default: false },
  },
});
const unknown = values.only?.find((name) => !TRIALS.some((trial) => trial.name === name));
if (unknown !== undefined) {
  console.error(`there is no trial \`${unknown}\`; there are ${TRIALS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const trial of TRIALS.filter(({ name }) => values.only?.includes(name) ?? true)) {
  const began = performance.now();
  console.log(`\n${trial.name}`);
  for (const said of await held(trial)) {
    const verdict = values['require-all'] && said.passed === 'skipped' ? { ...said, passed: false } : said;
    if (verdict.passed === true) passed++;
    if (verdict.passed === false) failed++;
    console.log(`  ${mark(verdict)} ${verdict.what}: ${verdict.seen}`);
  }
  console.log(`  (${Math.round((performance.now() - began) / 1000)} s)`);
}
console.log(`\nfaults: ${passed} passed, ${failed} failed`);
// Not by the code alone: a server that somebody forgot to end must not keep the run alive.
process.exit(failed === 0 ? 0 : 1);

/** Once more where nothing but facts of time do not hold. */
async function held(trial: Trial): Promise<readonly Verdict[]> {
  if (trial.missing !== undefined) return [skipped('the trial could be held', trial.missing)];
  const verdicts = await heldOnce(trial);
  const wrong = verdicts.filter(({ passed: fact }) => fact === false);
  if (wrong.length === 0 || wrong.some(({ timed }) => timed !== true)) return verdicts;
  for (const { what, seen } of wrong) console.log(`  (held once more, since ${what}: ${seen})`);
  return await heldOnce(trial);
}

async function heldOnce(trial: Trial): Promise<readonly Verdict[]> {
  try {
    return await trial.run({ short: values.short, progress });
  } catch (error) {
    return [{ what: 'the trial could be held', seen: (error as Error).stack ?? String(error), passed: false }];
  } finally {
    progress('');
  }
}

/** On a terminal a line that changes; nothing elsewhere. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r  ${line}\u001b[K`);
}

function mark({ passed: fact }: Verdict): string {
  if (typeof fact === 'boolean') return fact ? '✓' : '✗';
  return fact === 'skipped' ? '–' : '○ a goal, not reached:';
}
