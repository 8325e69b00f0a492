import { runProgram } from '#cli';
import { cliContext } from '../../../test/cli-context.ts';

/** The command line as a process of its own, with nothing but this module's commands. */
const { stdout, stderr, env } = process;
process.exitCode = await runProgram(process.argv.slice(2), cliContext({ stdout, stderr, env, version: '0.0.0-test' }));
