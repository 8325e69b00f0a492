import { Command } from 'commander';
import { installAgentCommands } from './agent/index.ts';
import { installAuditCommands } from './audit/index.ts';
import { installGroupCommands } from './group/index.ts';
import { installRoleCommands } from './role/index.ts';
import { installUserCommands } from './user/index.ts';
import { installBackupCommands } from './backup/index.ts';
import { installCaCommands } from './ca/index.ts';
import { installConfigCommands } from './config/commands.ts';
import { installToolCommands } from './tool/index.ts';
import type { CliContext, InstallCommands } from './context.ts';
import { installDoctorCommand } from './doctor/index.ts';
import { installKeyCommands } from './key/index.ts';
import { installLoginCommands } from './login/index.ts';
import { installLedgerCommands } from './ledger/index.ts';
import { installSessionCommands } from './session/index.ts';
import { installMigrateCommands } from './migrate/index.ts';
import { installSecretCommands } from './secret/index.ts';
import { installRestoreCommand } from './restore/index.ts';

/** Nouns that need nothing but their own modules; what needs the wiring comes in from `main`. */
const NOUNS: readonly InstallCommands[] = [
  installConfigCommands,
  installToolCommands,
  installKeyCommands,
  installAgentCommands,
  installUserCommands,
  installGroupCommands,
  installRoleCommands,
  installSessionCommands,
  installLoginCommands,
  installSecretCommands,
  installAuditCommands,
  installMigrateCommands,
  installBackupCommands,
  installRestoreCommand,
  installLedgerCommands,
  installDoctorCommand,
  installCaCommands,
];

/**
 * The command line as a commander program: declared, not run. `further` are commands from above this
 * module, such as `serve` and `invoke`, and they come first in the help.
 */
export function buildProgram(context: CliContext, further: readonly InstallCommands[] = []): Command {
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
  for (const install of [...further, ...NOUNS]) install(program, context);
  return program;
}
