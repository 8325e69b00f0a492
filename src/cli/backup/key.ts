import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface KeyOptions {
  readonly output: string;
  readonly json?: true;
}

export const addBackupKey: InstallCommands = (backup, context) => {
  const key = backup.command('key').description('keys that backups are encrypted for');
  key
    .command('create')
    .description('make a pair: the recipient is printed, the private key goes into a file that no server needs')
    .requiredOption('-o, --output <file>', 'the file of the private key; must not be there yet')
    .option('--json', 'print one line of JSON: recipient, privateKeyFile')
    .addHelpText(
      'after',
      `
Make it on another machine than the server, and keep the file where you keep what must outlive both.

Example:
  $ chatelaine backup key create -o backup.key`,
    )
    .action(async ({ output, json }: KeyOptions) => {
      const [{ makeKeyPair }, { reveal }, { writeFile }, { cliError }] = await Promise.all([
        import('#backup'),
        import('#kernel'),
        import('node:fs/promises'),
        import('../errors.ts'),
      ]);
      const { recipient, privateKey } = makeKeyPair();
      try {
        await writeFile(output, `${reveal(privateKey)}\n`, { mode: 0o600, flag: 'wx', flush: true });
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        throw cliError('FILE_UNUSABLE', `cannot write \`${output}\`: ${code}`, { cause });
      }
      context.stdout.write(json === true ? jsonLine({ recipient, privateKeyFile: output }) : `${recipient}\n`);
      if (json !== true) context.stderr.write(`The private key is in \`${output}\`. Without it no backup opens.\n`);
    });
};
