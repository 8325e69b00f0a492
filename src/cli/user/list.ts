import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { User } from './user.ts';

interface UserOptions extends ApiOptions {
  readonly json?: true;
}

export const addUserList: InstallCommands = (user, context) => {
  addApiOptions(user.command('list').description('show every user'), context)
    .option('--json', 'print one line of JSON: {"users": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine user list')
    .action(async (options: UserOptions) => {
      const { describeUsers } = await import('./user.ts');
      const users = await withApi(context, options, (api) => api.all<User>('/users'));
      const none = 'There is no user yet. Make one with `chatelaine user create NAME`.\n';
      const text = users.length === 0 ? none : describeUsers(users);
      context.stdout.write(options.json === true ? jsonLine({ users }) : text);
    });
};

export const addUserShow: InstallCommands = (user, context) => {
  const command = user.command('show').description('show a user, with every role and where it holds');
  addApiOptions(command.argument('<user>', 'their id or login name'), context)
    .option('--json', 'print one line of JSON: the user, roles, groups')
    .addHelpText('after', '\nExample:\n  $ chatelaine user show ann')
    .action(async (given: string, options: UserOptions) => {
      const [{ at }, { describeUsers, findUser }] = await Promise.all([
        import('../api/client.ts'),
        import('./user.ts'),
      ]);
      await withApi(context, options, async (api) => {
        const found = await findUser(api, given);
        const standing = await api.get<{
          readonly roles: readonly { readonly role: string; readonly namespace: string }[];
          readonly groups: readonly string[];
        }>(at`/users/${found.id}/roles`);
        if (options.json === true) return context.stdout.write(jsonLine({ ...found, ...standing }));
        const roles = standing.roles.map(({ role, namespace }) => `  ${role} ${place(namespace)}\n`).join('');
        const groups = standing.groups.map((group) => `  ${group}\n`).join('');
        context.stdout.write(describeUsers([found]));
        return context.stdout.write(`Roles:\n${roles || '  none\n'}Groups:\n${groups || '  none\n'}`);
      });
    });
};

const place = (namespace: string): string => (namespace === '*' ? 'everywhere' : `in ${namespace}`);
