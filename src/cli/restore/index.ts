import type { InstallCommands } from '../context.ts';
import {
  databaseOption,
  dataDirectoryOption,
  findDatabase,
  readServerSettings,
  type DatabaseOptions,
} from '../data-directory.ts';
import { jsonLine } from '../print.ts';
import type { OpenerOptions } from '../backup/backup-keys.ts';

interface RestoreOptions extends DatabaseOptions, OpenerOptions {
  readonly ledger?: readonly string[];
  readonly acceptLostRevocations?: true;
  readonly json?: true;
}

/** `chatelaine restore FILE`: a backup into an empty place. */
export const installRestoreCommand: InstallCommands = (program, context) => {
  program
    .command('restore')
    .description('restore a backup into an empty data directory or database')
    .argument('<file>', 'the backup')
    .option('--key <file>', 'the private key of its recipient')
    .option('--passphrase-file <file>', 'the passphrase it was made with')
    .option(
      '--ledger <dir>',
      'a ledger of revocations beside the one of the configuration (repeatable)',
      (dir: string, before: readonly string[] | undefined) => [...(before ?? []), dir],
    )
    .option('--accept-lost-revocations', 'restore without the ledger: what was revoked or erased since comes back')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: id, createdAt, ledgerEntries, endedAgain, sessionsEnded, auditRecords')
    .addHelpText(
      'after',
      `
Put back first what is kept apart from backups: keyring.db, the wrapping key, the ledger.

Example:
  $ chatelaine restore /mnt/backups/NAME.backup --key backup.key --data-dir /var/lib/chatelaine`,
    )
    .action(async (file: string, options: RestoreOptions) => {
      const [
        { ledgerFolder, restoreBackup },
        { authServerAfterRestore, grantsAfterRestore },
        { approvalsAfterRestore, loadCredentials },
        { loadForgetting },
        { readOpener },
        { progressLine },
      ] = await Promise.all([
        import('#backup'),
        import('#authserver'),
        import('#registry'),
        import('#policy'),
        import('../backup/backup-keys.ts'),
        import('../progress.ts'),
      ]);
      const progress = progressLine(context.stderr, () => context.clock.now());
      const restored = await restoreBackup({
        file,
        opener: await readOpener(options),
        place: await findDatabase(context, { ...options, create: true }),
        dataDirectory: options.dataDir,
        ledgerFolder: ledgerFolder(await readServerSettings(options.config, context), options.dataDir),
        otherLedgers: options.ledger ?? [],
        acceptLostRevocations: options.acceptLostRevocations === true,
        modules: [
          ...[authServerAfterRestore, grantsAfterRestore, approvalsAfterRestore],
          (await loadCredentials()).credentialsAfterRestore,
          (await loadForgetting()).decisionsAfterRestore,
        ],
        clock: context.clock,
        onProgress: progress.show,
      }).finally(() => progress.done());
      const { manifest, ...done } = restored;
      const { id, createdAt } = manifest;
      context.stdout.write(
        options.json === true
          ? jsonLine({ id, createdAt, ...done })
          : `Restored the backup of ${createdAt}. ${done.endedAgain} revocations and erasures since then hold again; ${done.sessionsEnded} sessions were ended; ${done.auditRecords} audit records verify.\n`,
      );
      if (done.lostRevocations) {
        context.stderr.write('What was revoked or erased after the backup was made is back. Revoke it again.\n');
      }
    });
};
