/** What a server's process is, and within which bounds it runs. */
export interface ProcessPlan {
  /** The program, by path or by a name that is looked up in `PATH`. Never a shell's text. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment, but for what every process has: `PATH`, `HOME`, `TMPDIR`. Nothing of ours. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of `env` that the configuration document itself names, and that change which code runs. */
  readonly allowedLoaderVariables?: readonly string[];
  /** A folder that is the server's alone: where it runs, `HOME` and `TMPDIR` besides. */
  readonly directory: string;
  /** Where to run, when not in `directory`. */
  readonly cwd?: string;
  /** `PATH` of the process. */
  readonly path?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly limits?: ResourceLimits;
  /** Milliseconds from the end of its input to SIGTERM, and from there to SIGKILL. */
  readonly graceMs?: number;
}

/** Of setrlimit(2), by what they bound. */
export interface ResourceLimits {
  /** Bytes of address space. Programs that reserve much of it (Node, Go, Java) need far more than they use. */
  readonly addressSpaceBytes?: number;
  readonly cpuSeconds?: number;
  readonly openFiles?: number;
  /** Processes and threads of the user that it runs as. */
  readonly processes?: number;
  readonly fileSizeBytes?: number;
}
