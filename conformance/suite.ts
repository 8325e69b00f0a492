/** Runs the official suite as a process of its own, and reads what it writes. */
import { execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

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

/** What a client is, and at which revision it is looked at. */
export interface ClientUnderTest {
  /** Run for every scenario, with the URL of the scenario's server as its last argument. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly revision: string;
}

/** The suite would begin with all scenarios at once, and each is two processes. */
const AT_ONCE = 3;

/** Runs scenarios for clients, a few at a time; the suite's files go to a folder each below `folder`. */
export async function runClientSuite(
  scenarios: readonly string[],
  { command, environment, revision }: ClientUnderTest,
  folder: string,
): Promise<SuiteRun> {
  const ran = new Map<string, readonly Check[]>();
  let exitCode = 0;
  const waiting = [...scenarios];
  const next = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      const args = ['client', '--command', command, '--scenario', scenario, '--spec-version', revision];
      const one = await run([...args, '--timeout', '120000'], join(folder, scenario.replaceAll('/', '-')), {
        environment,
      });
      exitCode ||= one.exitCode;
      for (const [name, checks] of one.scenarios) ran.set(name, checks);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return { exitCode, log: folder, scenarios: ran };
}

/** The scenarios for clients that a revision requires, as the suite lists them. */
export async function requiredOfClients(revision: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [SUITE, 'list', '--requirements', revision]);
  const [, listed = ''] = /Client scenarios.*:\n((?: +- .+\n)+)/.exec(stdout) ?? [];
  return listed.split('\n').flatMap((line) => /- (\S+)/.exec(line)?.[1] ?? []);
}

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
  const ran = await run(args, folder, {
    heard(line, stop) {
      if (!line.startsWith(`${issuer}/`)) return;
      visit(line).catch((error: Error) => {
        failed = error;
        // It would wait five minutes for somebody who does not come.
        stop();
      });
    },
  });
  if (failed !== undefined) throw failed;
  return ran;
}

interface RunOptions {
  /** Beside the environment of this process, for what the suite runs. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Told of every line that the suite prints. */
  readonly heard?: (line: string, stop: () => void) => void;
}

async function run(
  args: readonly string[],
  folder: string,
  { environment, heard }: RunOptions = {},
): Promise<SuiteRun> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const log = join(folder, 'suite.log');
  const child = spawn(process.execPath, [SUITE, ...args, '-o', join(folder, 'results')], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number>((resolve) => void child.once('close', (code) => resolve(code ?? 1)));
  if (heard !== undefined)
    createInterface({ input: child.stdout }).on('line', (line) => heard(line.trim(), () => child.kill()));
  const written = createWriteStream(log);
  child.stderr.pipe(written, { end: false });
  child.stdout.pipe(written, { end: false });
  const exitCode = await exit;
  await new Promise<void>((resolve) => void written.end(resolve));
  return { exitCode, log, scenarios: await readResults(join(folder, 'results')) };
}

/** The suite makes one folder per scenario, named after it and the moment, with `checks.json` in it. */
const NAME = /^(?:(?:authorization-)?server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/;

async function readResults(folder: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const scenarios = new Map<string, readonly Check[]>();
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((path) => basename(path) === 'checks.json').toSorted()) {
    const name = dirname(file);
    const [, scenario] = NAME.exec(name) ?? [];
    if (scenario === undefined) throw new Error(`the suite wrote \`${name}\`, which names no scenario`);
    scenarios.set(scenario, JSON.parse(await readFile(join(folder, file), 'utf8')) as Check[]);
  }
  return scenarios;
}
