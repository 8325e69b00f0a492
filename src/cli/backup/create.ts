import { isoMoment, jsonLine } from '../print.ts';
import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, readServerSettings, type DatabaseOptions } from '../data-directory.ts';

interface CreateOptions extends DatabaseOptions {
  readonly folder?: string;
  readonly recipient?: string;
  readonly passphraseFile?: string;
  readonly json?: true;
}

export const addBackupCreate: InstallCommands = (backup, context) => {
  backup
    .command('create')
    .description('make a backup now, while servers run, and read it back')
    .option('--folder <dir>', 'where it goes (default: `backup.folder` of the configuration)')
    .option('--recipient <key>', 'for whom: a public key of `backup key create` (default: of the configuration)')
    .option('--passphrase-file <file>', 'encrypt with the passphrase in this file instead')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: file, bytes, createdAt, id')
    .addHelpText(
      'after',
      `
Holds the database and the audit log. Not in it: the keyring of data subjects, the ledger, key files.

Example:
  $ chatelaine backup create --folder /mnt/backups --recipient chb1…`,
    )
    .action(async (options: CreateOptions) => {
      const [{ createBackup }, { withLedger }, { readRecipient }, { progressLine }, { cliError }] = await Promise.all([
        import('#backup'),
        import('../ledger/with-ledger.ts'),
        import('./backup-keys.ts'),
        import('../progress.ts'),
        import('../errors.ts'),
      ]);
      const settings = await readServerSettings(options.config, context);
      const folder = options.folder ?? settings.backup?.folder;
      if (folder === undefined) throw cliError('OPTION_MISSING', 'name where the backup goes: `--folder DIR`');
      const progress = progressLine(context.stderr, () => context.clock.now());
      const recipient = await readRecipient(options, settings.backup?.recipient);
      const made = await withLedger(context, options, 'open', async (ledger, place) =>
        createBackup({
          place,
          dataDirectory: options.dataDir,
          ledger,
          folder,
          recipient,
          clock: context.clock,
          version: context.version,
          onProgress: progress.show,
        }),
      ).finally(() => progress.done());
      const { id, createdAt } = made.manifest;
      context.stdout.write(
        options.json === true
          ? jsonLine({ file: made.file, bytes: made.bytes, createdAt: isoMoment(Date.parse(createdAt)), id })
          : `${made.file}\n`,
      );
    });
};
