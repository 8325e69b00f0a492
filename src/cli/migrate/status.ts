import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, findDatabase, type DatabaseOptions } from '../data-directory.ts';
import { jsonLine } from '../print.ts';

interface StatusOptions extends DatabaseOptions {
  readonly json?: true;
}

export const addMigrateStatus: InstallCommands = (migrate, context) => {
  migrate
    .command('status')
    .description('say which migrations the database has had and which it lacks, and change nothing')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: applied, pending')
    .addHelpText('after', '\nExample:\n  $ chatelaine migrate status --config server.yaml --json')
    .action(async (options: StatusOptions) => {
      const { inspectMigrations } = await import('#db');
      const { applied, pending } = await inspectMigrations(await findDatabase(context, options));
      const lines = [
        ...applied.map((id) => `applied  ${id}\n`),
        ...pending.map((id) => `pending  ${id}\n`),
        pending.length === 0
          ? 'The database is up to date.\n'
          : 'Apply what is pending with `chatelaine migrate up`.\n',
      ];
      context.stdout.write(options.json === true ? jsonLine({ applied, pending }) : lines.join(''));
    });
};
