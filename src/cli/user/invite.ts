import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';

interface InviteOptions extends ApiOptions {
  readonly expires?: string;
  readonly json?: true;
}

interface Invitation {
  readonly id: string;
  readonly invitation: string;
  readonly expiresAt: string;
}

export const addUserInvite: InstallCommands = (user, context) => {
  const command = user
    .command('invite')
    .description('print an invitation by which somebody becomes a user, once, with no role')
    .option('--expires <duration>', 'how long it counts, such as 12h: 30d at most (default: 7d)');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, invitation, expiresAt')
    .addHelpText('after', '\nExample:\n  $ chatelaine user invite --expires 24h')
    .action(async (options: InviteOptions) => {
      const { parseDuration } = await import('#kernel');
      const lifetimeMs = options.expires === undefined ? undefined : parseDuration(options.expires);
      if (options.expires !== undefined && lifetimeMs === undefined) {
        command.error(`error: option '--expires ${options.expires}' is not a duration such as 24h or 7d`);
      }
      const made = await withApi(context, { ...options, create: true }, (api) =>
        api.post<Invitation>('/invitations', {
          ...(lifetimeMs !== undefined && { expiresInSeconds: lifetimeMs / 1000 }),
        }),
      );
      context.stdout.write(options.json === true ? jsonLine(made) : describeInvitation(made));
    });
};

const describeInvitation = ({ invitation, expiresAt }: Invitation): string =>
  `Hand this on by another way than this system; it counts once, until ${toSeconds(expiresAt)}:

  ${invitation}

Who has it becomes a user by \`POST /api/v1/register\`, with no role: \`chatelaine role give\` gives one.
`;
