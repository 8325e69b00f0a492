import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

/** A grant as the API shows it. */
interface Grant {
  readonly id: string;
  readonly user: string;
  readonly owner: string;
  readonly upstream: string;
  readonly state: 'active' | 'reauth_required';
  readonly scopes: readonly string[];
  readonly since: string;
}

interface GrantOptions extends ApiOptions {
  readonly user?: string;
  readonly owner?: string;
  readonly upstream?: string;
  readonly mine?: true;
  readonly json?: true;
}

const addList: InstallCommands = (grant, context) => {
  const command = grant
    .command('list')
    .description('show which tokens of people at identity providers are kept, without the tokens')
    .option('--user <user>', 'only those of a user, by id or login name')
    .option('--owner <namespace/name>', 'only those that are kept for an owner')
    .option('--upstream <name>', 'only those at an identity provider')
    .option('--mine', 'only your own; takes no office');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"grants": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine grant list --user ann')
    .action(async (options: GrantOptions) => {
      const { findUser } = await import('../user/user.ts');
      const { owner, upstream } = options;
      const grants = await withApi(context, options, async (api) => {
        if (options.mine === true)
          return (await api.get<{ readonly items: readonly Grant[] }>('/users/me/grants')).items;
        const user = options.user === undefined ? undefined : (await findUser(api, options.user)).id;
        return await api.all<Grant>('/grants', { user, owner, upstream });
      });
      const text = grants.length === 0 ? 'There is no such grant.\n' : describe(grants);
      context.stdout.write(options.json === true ? jsonLine({ grants }) : text);
    });
};

const addRevoke: InstallCommands = (grant, context) => {
  const command = grant
    .command('revoke')
    .description('forget the tokens of a grant, or of all of a user; the identity provider is told with the last one')
    .argument('[id]', 'the id, as `grant list` shows it')
    .option('--user <user>', 'all of a user, by id or login name');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: revoked')
    .addHelpText('after', '\nExample:\n  $ chatelaine grant revoke --user ann')
    .action(async (id: string | undefined, options: GrantOptions) => {
      const [{ at }, { findUser }, { cliError }] = await Promise.all([
        import('../api/client.ts'),
        import('../user/user.ts'),
        import('../errors.ts'),
      ]);
      const { user: named } = options;
      if ((id === undefined) === (named === undefined))
        throw cliError('OPTION_MISSING', 'name one grant by its id, or all of a user by `--user`');
      const revoked = await withApi(context, options, async (api) => {
        if (id !== undefined) {
          await api.ask({ method: 'DELETE', path: at`/grants/${id}` });
          return 1;
        }
        const user = await findUser(api, named as string);
        const path = at`/users/${user.id}/grants`;
        return (await api.ask<{ readonly revoked: number }>({ method: 'DELETE', path })).body.revoked;
      });
      context.stdout.write(options.json === true ? jsonLine({ revoked }) : `${revoked} grants were revoked.\n`);
    });
};

const describe = (grants: readonly Grant[]): string =>
  table(
    ['ID', 'USER', 'OWNER', 'UPSTREAM', 'STATE', 'SCOPES', 'SINCE'],
    grants.map((one) => [
      one.id,
      one.user,
      one.owner,
      one.upstream,
      one.state === 'active' ? 'active' : 'to be linked anew',
      one.scopes.join(' ') || '-',
      toSeconds(one.since),
    ]),
  );

/** `chatelaine grant …`: tokens of people at identity providers. */
export const installGrantCommands: InstallCommands = (program, context) => {
  const grant = program.command('grant').description('list and revoke the tokens of people at identity providers');
  for (const add of [addList, addRevoke]) add(grant, context);
};
