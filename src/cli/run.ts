import { CommanderError } from 'commander';
import { EXIT, QuietEnd, type CliContext, type InstallCommands } from './context.ts';
import { buildProgram } from './program.ts';

/**
 * Runs one command line (without the interpreter and the script) and resolves to its exit code:
 * 0 done, 1 failed, 2 the command line was wrong. Never rejects: every failure is printed on stderr,
 * as `error CODE: what happened`, with what to do about it below, unless its command has printed it.
 */
export async function runProgram(
  argv: readonly string[],
  context: CliContext,
  further: readonly InstallCommands[] = [],
): Promise<number> {
  try {
    const program = await buildProgram(context, further, argv[0]);
    await program.parseAsync(argv, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has printed; it says 1 for what we call a wrong command line, 0 for help and version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof QuietEnd) return error.exitCode;
    return await reportFailure(error, context);
  }
}

async function reportFailure(error: unknown, context: CliContext): Promise<number> {
  const { ChatelaineError } = await import('#kernel');
  const { cliError } = await import('./errors.ts');
  const known =
    error instanceof ChatelaineError
      ? error
      : cliError('UNEXPECTED', error instanceof Error ? error.message : String(error), { cause: error });
  context.stderr.write(`error ${known.code}: ${known.message}\n  ${known.remedy}\n`);
  if (context.env['CHATELAINE_DEBUG'] === '1' && error instanceof Error) context.stderr.write(`${error.stack}\n`);
  return known.status === 400 ? EXIT.usage : EXIT.failure;
}
