import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, findDatabase, type DatabaseOptions } from '../data-directory.ts';
import { jsonLine } from '../print.ts';

interface ForgetOptions extends DatabaseOptions {
  readonly json?: true;
}

export const addMigrateForgetKeys: InstallCommands = (migrate, context) => {
  migrate
    .command('forget-keys')
    .description('forget which keys the hosts of the database have, when one of them is lost for good')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: forgotten')
    .addHelpText(
      'after',
      `
End every host first. The next one to start says which keys all have from then on; it makes those that it lacks.
Digests in the audit log from before no longer match new ones, and its checkpoints verify with the public key of
before (docs/audit.md). Data keys that a lost wrapping key wrapped stay closed.

Example:
  $ chatelaine migrate forget-keys --config server.yaml`,
    )
    .action(async (options: ForgetOptions) => {
      const { forgetHostKeys, openDatabase } = await import('#db');
      const database = await openDatabase({ ...(await findDatabase(context, options)), clock: context.clock });
      try {
        const forgotten = await forgetHostKeys(database.db);
        const said =
          forgotten.length === 0
            ? 'There was nothing to forget.\n'
            : forgotten.map((name) => `forgot  ${name}\n`).join('');
        context.stdout.write(options.json === true ? jsonLine({ forgotten }) : said);
      } finally {
        await database.close();
      }
    });
};
