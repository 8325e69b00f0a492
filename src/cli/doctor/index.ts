import { EXIT, QuietEnd, type InstallCommands } from '../context.ts';
import {
  databaseOption,
  dataDirectoryOption,
  readConfiguration,
  readServerSettings,
  type DatabaseOptions,
} from '../data-directory.ts';
import { jsonLine } from '../print.ts';

/** `chatelaine doctor`: what is weak about an installation, worst first. */
export const installDoctorCommand: InstallCommands = (program, context) => {
  program
    .command('doctor')
    .description('say what is weak about an installation and what to do, and change nothing')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"findings": [{check, severity, what, remedy}]}')
    .addHelpText(
      'after',
      '\nExits 1 when something is an error, 0 with warnings alone.\n\nExample:\n  $ chatelaine doctor --config server.yaml --data-dir /var/lib/chatelaine',
    )
    .action(async (options: DatabaseOptions & { readonly json?: true }) => {
      const { examine } = await import('#doctor');
      const configuration = await readConfiguration(options.config, context);
      const findings = await examine({
        settings: configuration?.server ?? (await readServerSettings(undefined, context)),
        declared: configuration,
        dataDirectory: options.dataDir,
        environment: context.env,
        clock: context.clock,
      });
      const errors = findings.filter(({ severity }) => severity === 'error').length;
      const warnings = findings.length - errors;
      const lines = findings.map(({ check, severity, what, remedy }) => `${severity} ${check}: ${what}\n  ${remedy}\n`);
      const sum = findings.length === 0 ? 'Nothing is weak.\n' : `${errors} errors, ${warnings} warnings.\n`;
      context.stdout.write(options.json === true ? jsonLine({ findings }) : lines.join('') + sum);
      if (errors > 0) throw new QuietEnd(EXIT.failure);
    });
};
