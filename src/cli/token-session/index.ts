import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

/** A token session as the API shows it. */
interface TokenSession {
  readonly id: string;
  readonly user: string;
  readonly client: { readonly id: string; readonly name: string };
  readonly owner: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly state: 'active' | 'expired' | 'ended';
  readonly createdAt: string;
  readonly lastUsedAt: string;
}

interface Options extends ApiOptions {
  readonly user?: string;
  readonly client?: string;
  readonly owner?: string;
  readonly mine?: true;
  readonly ended?: true;
  readonly json?: true;
}

const addList: InstallCommands = (noun, context) => {
  const command = noun
    .command('list')
    .description('show which programs act for whom: token sessions that go on, the newest first')
    .option('--user <user>', 'only those of a user, by id or login name')
    .option('--client <id>', 'only those through a client, by its client_id')
    .option('--owner <namespace/name>', 'only those towards an owner')
    .option('--mine', 'only your own; takes no office')
    .option('--ended', 'those that have ended instead');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"tokenSessions": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine token-session list --client https://app.example/client.json')
    .action(async (options: Options) => {
      const { findUser } = await import('../user/user.ts');
      const tokenSessions = await withApi(context, options, async (api) => {
        if (options.mine === true)
          return (await api.get<{ readonly items: readonly TokenSession[] }>('/users/me/token-sessions')).items;
        const user = options.user === undefined ? undefined : (await findUser(api, options.user)).id;
        const state = options.ended === true ? 'ended' : undefined;
        return await api.all<TokenSession>('/token-sessions', {
          ...{ user, state },
          client: options.client,
          owner: options.owner,
        });
      });
      const text = tokenSessions.length === 0 ? 'There is no such token session.\n' : describe(tokenSessions);
      context.stdout.write(options.json === true ? jsonLine({ tokenSessions }) : text);
    });
};

const addEnd: InstallCommands = (noun, context) => {
  const command = noun
    .command('end')
    .description('end a token session, or all of a user, a client or an owner; servers follow within a second')
    .argument('[id]', 'the id, as `token-session list` shows it')
    .option('--user <user>', 'all of a user, by id or login name')
    .option('--client <id>', 'all of a client, by its client_id')
    .option('--owner <namespace/name>', 'all towards an owner');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: ended')
    .addHelpText(
      'after',
      '\nWith several of --user, --client and --owner those end that are of all of them.\n\nExample:\n  $ chatelaine token-session end --user ann',
    )
    .action(async (id: string | undefined, options: Options) => {
      const [{ at }, { findUser }, { cliError }] = await Promise.all([
        import('../api/client.ts'),
        import('../user/user.ts'),
        import('../errors.ts'),
      ]);
      const { user: named, client, owner } = options;
      const isMany = (named ?? client ?? owner) !== undefined;
      if ((id === undefined) === !isMany)
        throw cliError(
          'OPTION_MISSING',
          'name one token session by its id, or all of `--user`, `--client` or `--owner`',
        );
      const ended = await withApi(context, options, async (api) => {
        if (id !== undefined) {
          await api.ask({ method: 'DELETE', path: at`/token-sessions/${id}` });
          return 1;
        }
        const user = named === undefined ? undefined : (await findUser(api, named)).id;
        const answer =
          user !== undefined && client === undefined && owner === undefined
            ? (await api.ask<{ readonly ended: number }>({ method: 'DELETE', path: at`/users/${user}/token-sessions` }))
                .body
            : await api.post<{ readonly ended: number }>('/token-sessions/end', {
                ...(user !== undefined && { user }),
                ...(client !== undefined && { client }),
                ...(owner !== undefined && { owner }),
              });
        return answer.ended;
      });
      context.stdout.write(options.json === true ? jsonLine({ ended }) : `${ended} token sessions were ended.\n`);
    });
};

const describe = (sessions: readonly TokenSession[]): string =>
  table(
    ['ID', 'USER', 'CLIENT', 'OWNER', 'AT', 'SCOPES', 'STATE', 'SINCE', 'LAST USED'],
    sessions.map((one) => [
      one.id,
      one.user,
      one.client.name === one.client.id ? one.client.id : `${one.client.name} (${one.client.id})`,
      one.owner,
      one.resource,
      one.scopes.join(' ') || '-',
      one.state,
      toSeconds(one.createdAt),
      toSeconds(one.lastUsedAt),
    ]),
  );

/** `chatelaine token-session …`: which programs act for whom. */
export const installTokenSessionCommands: InstallCommands = (program, context) => {
  const noun = program.command('token-session').description('list and end what programs do for people with tokens');
  for (const add of [addList, addEnd]) add(noun, context);
};
