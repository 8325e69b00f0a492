/** Runs the official suite as a process of its own, and reads what it writes. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One check as the suite reports it; `INFO` and `SKIPPED` judge nothing. */
export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly description: string;
  readonly errorMessage?: string;
}

export interface SuiteRun {
  readonly exitCode: number;
  readonly scenarios: ReadonlyMap<string, readonly Check[]>;
  /** Everything that the suite said. */
  readonly log: string;
}

const SUITE = join(import.meta.dirname, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');

/** Runs what a revision requires against `url`; the suite's files go to `folder`, which is emptied first. */
export async function runSuite(url: string, revision: string, folder: string): Promise<SuiteRun> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const log = join(folder, 'suite.log');
  const args = [SUITE, 'server', '--url', url, '--requirements', revision, '-o', join(folder, 'results')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = new Promise<number>((resolve) => void child.once('close', (code) => resolve(code ?? 1)));
  await pipeline(child.stdout, createWriteStream(log));
  const exitCode = await exit;
  return { exitCode, log, scenarios: await readResults(join(folder, 'results')) };
}

/** The suite makes one folder per scenario, `server-{scenario}-{moment}`, with `checks.json` in it. */
async function readResults(folder: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const scenarios = new Map<string, readonly Check[]>();
  for (const name of (await readdir(folder)).sort()) {
    const [, scenario] = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name) ?? [];
    if (scenario === undefined) throw new Error(`the suite wrote \`${name}\`, which names no scenario`);
    scenarios.set(scenario, JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as Check[]);
  }
  return scenarios;
}
