/** The entry of the command: the process's own outside, handed to the program. Nothing else reads it. */
import { runProgram } from '#cli';
import { systemClock } from '#kernel';
import { installCommands } from './commands.ts';
import { packageVersion } from './package-version.ts';

// Whoever closed the pipe (`… | head`) has what they wanted; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const surroundings = { env: process.env, clock: systemClock, version: packageVersion() };

process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    stdout: process.stdout,
    stderr: process.stderr,
    watched: process.stderr.isTTY,
    ...surroundings,
    openApi: async (place) => (await import('./services/local-api.ts')).openLocalApi(surroundings)(place),
    readSecret: async () => (await import('./read-secret.ts')).readSecret(),
  },
  installCommands,
);
