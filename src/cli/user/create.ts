import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { User } from './user.ts';

interface CreateOptions extends ApiOptions {
  readonly displayName: string;
  readonly email: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly json?: true;
}

export const addUserCreate: InstallCommands = (user, context) => {
  const command = user
    .command('create')
    .description('make a user, with no role')
    .argument('<name>', 'what they sign in with')
    .option('--display-name <text>', 'what they are called', '')
    .option('--email <address>', 'where they are reached', '')
    .option('--issuer <url>', 'the identity provider that vouches for them (default: they sign in here)')
    .option('--subject <subject>', 'what that provider calls them');
  addApiOptions(command, context)
    .option('--json', 'print the user as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine user create ann --display-name "Ann Lee"')
    .action(async (name: string, options: CreateOptions) => {
      const { displayName, email, issuer, subject } = options;
      if ((issuer === undefined) !== (subject === undefined)) {
        command.error("error: option '--issuer' and '--subject' belong together");
      }
      const body = {
        name,
        profile: { displayName, email },
        ...(issuer !== undefined && { upstream: { issuer, subject } }),
      };
      const made = await withApi(context, { ...options, create: true }, (api) => api.post<User>('/users', body));
      const text = `The user \`${made.name}\` has the id ${made.id}, and no role: \`chatelaine role give\` gives one.\n`;
      context.stdout.write(options.json === true ? jsonLine(made) : text);
    });
};
