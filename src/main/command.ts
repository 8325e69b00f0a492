/** The entry of the command: the process's own outside, handed to the program. Nothing else reads it. */
import { runProgram } from '#cli';
import { systemClock } from '#kernel';
import { installCommands } from './commands.ts';
import { packageVersion } from './package-version.ts';

// Errors of the last resort. A rejection that nobody awaited is a bug, and a process with a bug in an
// unknown state should end where a supervisor sees it.
process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    clock: systemClock,
    version: packageVersion(),
  },
  installCommands,
);
