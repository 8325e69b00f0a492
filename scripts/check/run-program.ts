import { spawn } from 'node:child_process';

export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  /** stdout and stderr as they came, for the reader of a failure. */
  readonly output: string;
}

/**
 * Runs a program to its end and gives what it said. Resolves whatever its exit code is; rejects only
 * when it cannot be started.
 */
export function runProgram(command: string, args: readonly string[], directory: string): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: string[] = [];
    const output: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout.push(text);
      output.push(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.on('error', (cause) => reject(new Error(`\`${command}\` could not be started`, { cause })));
    child.on('close', (status) => resolve({ status, stdout: stdout.join(''), output: output.join('') }));
  });
}

/** The non-empty lines of a program's output. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
