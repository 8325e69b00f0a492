import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, findDatabase, type DatabaseOptions } from '../data-directory.ts';
import { jsonLine } from '../print.ts';

interface UpOptions extends DatabaseOptions {
  readonly json?: true;
}

export const addMigrateUp: InstallCommands = (migrate, context) => {
  migrate
    .command('up')
    .description('bring the database to this version, and give the role that serves its rights')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: applied')
    .addHelpText(
      'after',
      `
Applies only what is pending; may run beside servers and beside itself, and again after it was killed.

Example:
  $ chatelaine migrate up --config server.yaml`,
    )
    .action(async (options: UpOptions) => {
      const { openDatabase } = await import('#db');
      const place = await findDatabase(context, { ...options, create: true });
      const database = await openDatabase({ ...place, clock: context.clock });
      await database.close();
      const applied = database.migrated;
      for (const warning of database.warnings) context.stderr.write(`warning: ${warning}\n`);
      const said =
        applied.length === 0 ? 'The database was up to date.\n' : applied.map((id) => `applied  ${id}\n`).join('');
      context.stdout.write(options.json === true ? jsonLine({ applied }) : said);
    });
};
