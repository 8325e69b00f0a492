/** Runs the official suite as a process of its own, and reads what it writes. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
export const runSuite = (url: string, revision: string, folder: string): Promise<SuiteRun> =>
  run(['server', '--url', url, '--requirements', revision], folder);

/**
 * Runs what is asked of an authorization server. `visit` opens the address that the suite would have a person
 * open, and comes back to it on the loopback port; what goes wrong with it is the suite's to notice.
 */
export async function runAuthorizationSuite(
  issuer: string,
  client: { readonly id: string; readonly port: number },
  visit: (address: string) => Promise<void>,
  folder: string,
): Promise<SuiteRun> {
  const args = ['authorization', '--url', issuer, '--client-id', client.id, '--port', String(client.port)];
  let failed: Error | undefined;
  const ran = await run(args, folder, (line, stop) => {
    if (!line.startsWith(`${issuer}/`)) return;
    visit(line).catch((error: Error) => {
      failed = error;
      // It would wait five minutes for somebody who does not come.
      stop();
    });
  });
  if (failed !== undefined) throw failed;
  return ran;
}

async function run(
  args: readonly string[],
  folder: string,
  heard?: (line: string, stop: () => void) => void,
): Promise<SuiteRun> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const log = join(folder, 'suite.log');
  const child = spawn(process.execPath, [SUITE, ...args, '-o', join(folder, 'results')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<number>((resolve) => void child.once('close', (code) => resolve(code ?? 1)));
  if (heard !== undefined)
    createInterface({ input: child.stdout }).on('line', (line) => heard(line.trim(), () => child.kill()));
  await pipeline(child.stdout, createWriteStream(log));
  const exitCode = await exit;
  return { exitCode, log, scenarios: await readResults(join(folder, 'results')) };
}

/** The suite makes one folder per scenario, `{command}-{scenario}-{moment}`, with `checks.json` in it. */
async function readResults(folder: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const scenarios = new Map<string, readonly Check[]>();
  for (const name of (await readdir(folder)).sort()) {
    const [, scenario] = /^(?:authorization-)?server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name) ?? [];
    if (scenario === undefined) throw new Error(`the suite wrote \`${name}\`, which names no scenario`);
    scenarios.set(scenario, JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as Check[]);
  }
  return scenarios;
}
