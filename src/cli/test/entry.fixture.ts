import { systemClock } from '#kernel';
import { runProgram } from '#cli';

/** The command line as a process of its own, with nothing but this module's commands. */
process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: systemClock,
  version: '0.0.0-test',
});
