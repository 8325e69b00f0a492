import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runProgram, type CliContext } from '#cli';
import { cliContext } from '../../../test/cli-context.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';

export { temporaryDirectory };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const entry = join(import.meta.dirname, 'entry.fixture.ts');

/** Runs a command line as a process of its own. */
export async function runChild(
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=chatelaine-source', '--no-warnings', entry, ...argv], {
    env: { PATH: process.env['PATH'], ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Runs a command line in this process, for what needs no process of its own. */
export async function runHere(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  more: Partial<CliContext> = {},
): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const context = cliContext({
    stdout: { write: (written) => (stdout += written) },
    stderr: { write: (written) => (stderr += written) },
    env,
    ...more,
  });
  const code = await runProgram(argv, context);
  return { code, stdout, stderr };
}

/** A directory of the test's own, gone with it. */
