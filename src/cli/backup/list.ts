import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, readServerSettings, type DatabaseOptions } from '../data-directory.ts';
import { isoMoment, jsonLine, table } from '../print.ts';

interface ListOptions extends DatabaseOptions {
  readonly folder?: string;
  readonly json?: true;
}

export const addBackupList: InstallCommands = (backup, context) => {
  backup
    .command('list')
    .description('show the backups of a folder, newest first')
    .option('--folder <dir>', 'the folder (default: `backup.folder` of the configuration)')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"backups": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine backup list --folder /mnt/backups')
    .action(async (options: ListOptions) => {
      const [{ listBackups }, { cliError }] = await Promise.all([import('#backup'), import('../errors.ts')]);
      const folder = options.folder ?? (await readServerSettings(options.config, context)).backup?.folder;
      if (folder === undefined) throw cliError('OPTION_MISSING', 'name the folder: `--folder DIR`');
      const backups = listBackups(folder).map(({ path, at, bytes }) => ({ file: path, at: isoMoment(at), bytes }));
      if (options.json === true) return void context.stdout.write(jsonLine({ backups }));
      if (backups.length === 0) return void context.stdout.write('There is no backup yet.\n');
      const rows = backups.map(({ file, at, bytes }) => [at, String(bytes), file]);
      context.stdout.write(table(['MADE', 'BYTES', 'FILE'], rows));
    });
};
