import type { Command } from 'commander';
import type { Clock, Secret } from '#kernel';
import type { Transport } from './api/client.ts';

/** The outside of the process, handed in by the entry so that a test can hand in another. */
export interface CliContext {
  /** Answers, and nothing else, so that they can be piped. */
  readonly stdout: TextSink;
  /** Errors and remarks. */
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The API of a data directory, in this process; from `main`, which knows how everything is put together. */
  readonly openApi: OpenApi;
  /** What is piped in, or typed at a prompt that does not show it; undefined where there is neither. */
  readonly readSecret: () => Promise<Secret | undefined>;
  /** Whether somebody is watching standard error: only then does anything move there. */
  readonly watched: boolean;
  /** What `--version` prints. */
  readonly version: string;
}

/** Opens the API of a data directory, as its local operator; `close` lets go of it. */
export type OpenApi = (place: {
  readonly dataDir: string;
  /** Of a server whose `database:` and `vault:` are meant. */
  readonly config: string | undefined;
  /** Makes a data directory and a database where there are none. */
  readonly create: boolean;
  /** Reads the whole configuration, sources and tools: for what is about tools. */
  readonly tools?: boolean | undefined;
}) => Promise<LocalApi>;

export interface LocalApi {
  readonly transport: Transport;
  /** The link by which whoever runs the command becomes an administrator: no server gives that to anybody. */
  setupLink(): Promise<string>;
  close(): Promise<void>;
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
