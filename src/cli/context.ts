import type { Command } from 'commander';
import type { Clock } from '#kernel';

/** The outside of the process, handed in by the entry so that a test can hand in another. */
export interface CliContext {
  /** Answers, and nothing else, so that they can be piped. */
  readonly stdout: TextSink;
  /** Errors and remarks. */
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** What `--version` prints. */
  readonly version: string;
}

export interface TextSink {
  /** A person looks at it. */
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Puts a noun and its verbs into the program. Called at every start, so it declares and imports
 * nothing: what an action needs, the action imports.
 */
export type InstallCommands = (program: Command, context: CliContext) => void;

/** What scripts branch on; `docs/cli.md` promises them. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/**
 * Thrown by an action that has said itself what is wrong, such as a list of problems: the run ends
 * with the code and nothing more is printed.
 */
export class QuietEnd extends Error {
  override readonly name = 'QuietEnd';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}
