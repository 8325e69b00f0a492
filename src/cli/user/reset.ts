import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface ResetOptions extends ApiOptions {
  readonly json?: true;
}

export const addUserPasswordLink: InstallCommands = (user, context) => {
  const command = user
    .command('password-link')
    .description('print a link by which a user sets a password, once, within a day')
    .argument('<user>', 'their id or login name');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: link, expiresAt')
    .addHelpText(
      'after',
      `
For new users and forgotten passwords. It ends the link before it; hand it on by a way that is the user's alone.

Example:
  $ chatelaine user password-link ann`,
    )
    .action(async (given: string, options: ResetOptions) => {
      const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('./user.ts')]);
      const issued = await withApi(context, options, async (api) => {
        const { id } = await findUser(api, given);
        return await api.post<{ readonly link: string }>(at`/users/${id}/password-link`);
      });
      context.stdout.write(options.json === true ? jsonLine(issued) : `${issued.link}\n`);
    });
};

export const addUserResetFactors: InstallCommands = (user, context) => {
  const command = user
    .command('reset-factors')
    .description('take all second factors of a user away, and end their sessions')
    .argument('<user>', 'their id or login name');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: sessionsEnded')
    .addHelpText('after', '\nExample:\n  $ chatelaine user reset-factors ann')
    .action(async (given: string, options: ResetOptions) => {
      const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('./user.ts')]);
      const { name, sessionsEnded } = await withApi(context, options, async (api) => {
        const found = await findUser(api, given);
        const answer = await api.post<{ readonly sessionsEnded: number }>(at`/users/${found.id}/reset-factors`);
        return { ...answer, name: found.name };
      });
      const text = `The user \`${name}\` has no second factor any more; ${sessionsEnded} sessions were ended.\n`;
      context.stdout.write(options.json === true ? jsonLine({ sessionsEnded }) : text);
    });
};
