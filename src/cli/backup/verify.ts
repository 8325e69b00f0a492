import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { OpenerOptions } from './backup-keys.ts';

export const addBackupVerify: InstallCommands = (backup, context) => {
  backup
    .command('verify')
    .description('read a whole backup and hold it to its manifest; needs what opens it')
    .argument('<file>', 'the backup')
    .option('--key <file>', 'the private key of its recipient')
    .option('--passphrase-file <file>', 'the passphrase it was made with')
    .option('--json', 'print one line of JSON: ok, id, createdAt, version, parts, bytes')
    .addHelpText('after', '\nExample:\n  $ chatelaine backup verify /mnt/backups/NAME.backup --key backup.key')
    .action(async (file: string, options: OpenerOptions & { readonly json?: true }) => {
      const [{ noteVerification, readBackup }, { readOpener }, { dirname }] = await Promise.all([
        import('#backup'),
        import('./backup-keys.ts'),
        import('node:path'),
      ]);
      const manifest = await readBackup(file, await readOpener(options));
      noteVerification(dirname(file), manifest.id, context.clock.now());
      const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
      const { id, createdAt, version } = manifest;
      context.stdout.write(
        options.json === true
          ? jsonLine({ ok: true, id, createdAt, version, parts: manifest.parts.length, bytes })
          : `The backup is whole: ${manifest.parts.length} files, ${bytes} bytes, of ${createdAt}.\n`,
      );
    });
};
