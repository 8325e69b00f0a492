import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, type DatabaseOptions } from '../data-directory.ts';
import { jsonLine } from '../print.ts';

interface SetupLinkOptions extends DatabaseOptions {
  readonly json?: true;
}

export const addUserSetupLink: InstallCommands = (user, context) => {
  user
    .command('setup-link')
    .description('print a link that makes whoever opens it an administrator, once, within an hour')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: link')
    .addHelpText(
      'after',
      `
For whoever has lost every way in. It ends the link before it, and is on record.

Example:
  $ chatelaine user setup-link --data-dir /var/lib/chatelaine`,
    )
    .action(async (options: SetupLinkOptions) => {
      const { dataDir, config } = options;
      const local = await context.openApi({ dataDir, config, create: false });
      try {
        const link = await local.setupLink();
        context.stdout.write(options.json === true ? jsonLine({ link }) : `${link}\n`);
      } finally {
        await local.close();
      }
    });
};
