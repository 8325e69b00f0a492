import { Command } from 'commander';
import type { CliContext, InstallCommands } from './context.ts';

/**
 * The command line as a commander program: declared, not run. `further` are commands from above this
 * module, such as `serve` and `invoke`, and they come first in the help. Where `asked`, the first word, is one of
 * these, the others are not declared: a server does not read what it never runs.
 */
export async function buildProgram(
  context: CliContext,
  further: readonly InstallCommands[] = [],
  asked?: string,
): Promise<Command> {
  const program = new Command('chatelaine')
    .description('The keeper of tools and keys for AI agents.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'say what a command does and takes')
    .helpCommand('help [command]', 'show the help of a command')
    // Set before the commands are added: they inherit it.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .showHelpAfterError('(--help says what the command takes)');
  for (const install of further) install(program, context);
  const isVerb = program.commands.some((command) => command.name() === asked && command.commands.length === 0);
  if (!isVerb) for (const install of (await import('./nouns.ts')).NOUNS) install(program, context);
  return program;
}
