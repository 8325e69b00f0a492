import type { Receipt } from '#audit';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { User } from './user.ts';

interface UserOptions extends ApiOptions {
  readonly yes?: true;
  readonly json?: true;
}

interface EraseOptions extends UserOptions {
  readonly receipt?: string;
}

interface Erased {
  readonly id: string;
  /** Of the audit record that says so. */
  readonly record: string | null;
  readonly receipt: Receipt | null;
}

/** `user disable` and `user enable`. */
const addSwitch =
  (verb: 'disable' | 'enable', description: string): InstallCommands =>
  (user, context) => {
    const command = user.command(verb).description(description).argument('<user>', 'their id or login name');
    addApiOptions(command, context)
      .option('--json', 'print the user as one line of JSON')
      .addHelpText('after', `\nExample:\n  $ chatelaine user ${verb} ann`)
      .action(async (given: string, options: UserOptions) => {
        const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('./user.ts')]);
        const changed = await withApi(context, options, async (api) => {
          const { id } = await findUser(api, given);
          return await api.post<User>(`${at`/users/${id}`}/${verb}`);
        });
        const text = `The user \`${changed.name}\` is ${verb}d.\n`;
        context.stdout.write(options.json === true ? jsonLine(changed) : text);
      });
  };

export const addUserDisable = addSwitch('disable', 'cut a user off, with the agents they answer for');
export const addUserEnable = addSwitch('enable', 'let a user in again');

export const addUserErase: InstallCommands = (user, context) => {
  const command = user
    .command('erase')
    .description('forget a user for good: their key is destroyed, and with it everything it seals, in backups too')
    .argument('<user>', 'their id or login name')
    .requiredOption('--yes', 'yes: this cannot be undone');
  addApiOptions(command, context)
    .option(
      '--receipt <file>',
      'write the receipt of the erasure into this new file: it proves that it was done, and when',
    )
    .option('--json', 'print one line of JSON: id, erased, record')
    .addHelpText('after', '\nExample:\n  $ chatelaine user erase ann --yes --receipt ann-erased.json')
    .action(async (given: string, options: EraseOptions) => {
      const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('./user.ts')]);
      const { id, record, receipt } = await withApi(context, options, async (api) => {
        const found = await findUser(api, given);
        return await api.post<Erased>(`${at`/users/${found.id}`}/erase`);
      });
      const text = `The user ${id} is forgotten. Records still have the id, and nothing else of them.\n`;
      context.stdout.write(options.json === true ? jsonLine({ id, erased: true, record }) : text);
      if (options.receipt === undefined) return;
      // Done is done, also without it: the log gives it again.
      if (receipt === null) {
        context.stderr.write(
          `There is no receipt yet; later \`chatelaine audit receipt ${record ?? 'ID'}\` gives it.\n`,
        );
        return;
      }
      const { newFile } = await import('../new-file.ts');
      await newFile(options.receipt, (write) => write(Buffer.from(jsonLine(receipt))));
    });
};
