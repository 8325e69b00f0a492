/**
 * `npm run test:abuse`: every attack of `conformance/abuse.yaml` and whether Chatelaine withstands it.
 *
 * Runs the tests whose title, or that of a suite around them, is named by the id of an entry, and prints
 * what became of each entry. Exits 1 when one of them failed, and when an entry of a covered area has no
 * test that ran. Where the corpus itself lies beside the repository, the list must have all of its ids.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { failedTests, missingFrom, verdicts, type RanTest } from './abuse/verdicts.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CORPUS = resolve(ROOT, '..', 'shared', 'abuse-corpus.yaml');

const listSchema = z.strictObject({
  areas: z.record(z.string(), z.strictObject({ covered: z.boolean(), comes: z.string().optional() })),
  entries: z.record(z.string().regex(/^[A-Z]{2,3}-\d{3}$/), z.tuple([z.string(), z.string()])),
});
const list = listSchema.parse(parse(readFileSync(join(ROOT, 'conformance/abuse.yaml'), 'utf8')));

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()),
        }),
      ),
    }),
  ),
});

function runTests(files: readonly string[]): RanTest[] {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-abuse-'));
  try {
    const outputFile = join(folder, 'report.json');
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const options = ['run', '--reporter=json', `--outputFile=${outputFile}`, '-t', '[A-Z]{2,3}-[0-9]{3}\\b'];
    const ended = spawnSync(process.execPath, [vitest, ...options, ...process.argv.slice(2), ...files], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (!existsSync(outputFile)) throw new Error(`the tests did not run (exit code ${ended.status})`);
    const report = reportSchema.parse(JSON.parse(readFileSync(outputFile, 'utf8')));
    return report.testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
        titles: [...ancestorTitles, title],
        status,
        failures: failureMessages,
      })),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only files that name an id: the others need not be loaded to be skipped. */
const files = ['src', 'test', 'examples', 'scripts', 'conformance']
  .flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: ROOT, exclude: ['**/node_modules/**'] }))
  .filter((file) => /['"`][A-Z]{2,3}-\d{3}: |\([A-Z]{2,3}-\d{3}\)/.test(readFileSync(join(ROOT, file), 'utf8')));

const absent = existsSync(CORPUS) ? missingFrom(Object.keys(list.entries), readFileSync(CORPUS, 'utf8')) : [];
const ran = runTests(files);
const found = verdicts(list, ran);
for (const { id, title, verdict } of found) process.stdout.write(`${id.padEnd(8)} ${verdict.padEnd(42)} ${title}\n`);
for (const id of absent) process.stdout.write(`${id.padEnd(8)} of the corpus is not in conformance/abuse.yaml\n`);
for (const line of failedTests(ran)) process.stdout.write(`  ✗ ${line}\n`);
const passed = found.filter(({ verdict }) => verdict === 'passed').length;
const failed = found.filter(({ isFailure }) => isFailure).length + absent.length;
process.stdout.write(`test:abuse: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
