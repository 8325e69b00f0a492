/**
 * `npm run check`: one command that proves a change.
 *
 *   npm run check                      everything, the quick checks first
 *   npm run check -- --only lint       one or several: --only lint,types
 *   npm run check -- --skip tests      all but some
 *   npm run check -- --list            what there is
 *
 * One line per check with its time; findings below it, each beginning with its place. The last line
 * counts. Exit code 0 when nothing failed, 1 when something did, 2 for a wrong command line.
 */
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { styleText } from 'node:util';
import { advisories } from './check/advisories.ts';
import { failed, type Check, type Verdict } from './check/check.ts';
import { selectChecks } from './check/command-line.ts';
import { errorCatalogue } from './check/error-catalogue.ts';
import { formatting } from './check/formatting.ts';
import { generatedFiles } from './check/generated-files.ts';
import { importWalls } from './check/import-walls.ts';
import { licences } from './check/licences.ts';
import { lint } from './check/lint.ts';
import { secrets } from './check/secrets.ts';
import { tests } from './check/tests.ts';
import { types } from './check/types.ts';

const CHECKS: readonly Check[] = [
  formatting,
  lint,
  types,
  importWalls,
  generatedFiles,
  errorCatalogue,
  secrets,
  licences,
  advisories,
  tests,
];
const MAX_FINDINGS = 60;
const MARKS = {
  passed: styleText('green', '✓'),
  failed: styleText('red', '✗'),
  unverified: styleText('yellow', '?'),
} as const;

async function runCheck(check: Check, root: string): Promise<Verdict> {
  try {
    return await check.run(root);
  } catch (error) {
    // A check that breaks has proved nothing.
    const reasons = [error, error instanceof Error ? error.cause : undefined].filter(
      (reason) => reason instanceof Error,
    );
    return failed(
      'the check itself broke',
      reasons.map((reason) => reason.message),
    );
  }
}

function print(check: Check, verdict: Verdict, milliseconds: number): void {
  const time = `${(milliseconds / 1000).toFixed(1)} s`.padStart(8);
  console.log(`${MARKS[verdict.outcome]} ${check.name.padEnd(11)}${time}  ${verdict.summary}`);
  for (const finding of verdict.findings.slice(0, MAX_FINDINGS)) console.log(`    ${finding}`);
  const rest = verdict.findings.length - MAX_FINDINGS;
  if (rest > 0)
    console.log(
      `    … and ${rest} more lines; \`npm run check -- --only ${check.name}\` after the first are dealt with`,
    );
}

async function main(): Promise<number> {
  const selection = selectChecks(
    process.argv.slice(2),
    CHECKS.map(({ name }) => name),
  );
  if (!selection.ok) {
    console.error(selection.error);
    return 2;
  }
  if (selection.value.list) {
    for (const { name, proves } of CHECKS) console.log(`${name.padEnd(12)} ${proves}`);
    return 0;
  }
  const root = join(import.meta.dirname, '..');
  // The tools of the lockfile, also for who starts this file without npm.
  process.env.PATH = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const count = { passed: 0, failed: 0, unverified: 0 };
  for (const check of CHECKS.filter(({ name }) => selection.value.names.includes(name))) {
    const started = performance.now();
    const verdict = await runCheck(check, root);
    print(check, verdict, performance.now() - started);
    count[verdict.outcome] += 1;
  }
  if (count.unverified > 0) console.log('? = could not be verified from here, and fails nobody');
  console.log(`check: ${count.passed} passed, ${count.failed} failed`);
  return count.failed === 0 ? 0 : 1;
}

process.exitCode = await main();
