import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface Session {
  readonly id: string;
  readonly kind: 'browser' | 'cli';
  readonly amr: readonly string[];
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly address: string;
  readonly device: string;
}

interface SessionOptions extends ApiOptions {
  readonly user: string;
  readonly json?: true;
}

const addSessionList: InstallCommands = (session, context) => {
  const command = session
    .command('list')
    .description('show the sessions of a user that go on')
    .requiredOption('--user <user>', 'their id or login name');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"sessions": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine session list --user ann')
    .action(async (options: SessionOptions) => {
      const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('../user/user.ts')]);
      const sessions = await withApi(context, options, async (api) => {
        const { id } = await findUser(api, options.user);
        return (await api.get<{ readonly items: readonly Session[] }>(at`/users/${id}/sessions`)).items;
      });
      const rows = sessions.map((one) => [
        one.id,
        one.kind,
        one.amr.join(' '),
        toSeconds(one.lastSeenAt),
        toSeconds(one.expiresAt),
        one.address,
        one.device,
      ]);
      const text =
        rows.length === 0
          ? 'No session goes on.\n'
          : table(['ID', 'KIND', 'PROVED BY', 'LAST SEEN', 'EXPIRES', 'FROM', 'DEVICE'], rows);
      context.stdout.write(options.json === true ? jsonLine({ sessions }) : text);
    });
};

const addSessionEnd: InstallCommands = (session, context) => {
  const command = session
    .command('end')
    .description('end a session of a user, or all of them; servers follow within a second')
    .argument('[id]', 'the id, as `session list` shows it (default: all of them)')
    .requiredOption('--user <user>', 'their id or login name');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: ended')
    .addHelpText('after', '\nExample:\n  $ chatelaine session end --user ann')
    .action(async (session: string | undefined, options: SessionOptions) => {
      const [{ at }, { findUser }] = await Promise.all([import('../api/client.ts'), import('../user/user.ts')]);
      const ended = await withApi(context, options, async (api) => {
        const { id } = await findUser(api, options.user);
        const path = session === undefined ? at`/users/${id}/sessions` : at`/users/${id}/sessions/${session}`;
        const answer = await api.ask<{ readonly ended: number } | undefined>({ method: 'DELETE', path });
        return answer.body?.ended ?? 1;
      });
      context.stdout.write(options.json === true ? jsonLine({ ended }) : `${ended} sessions were ended.\n`);
    });
};

/** `chatelaine session …`: where people are signed in. */
export const installSessionCommands: InstallCommands = (program, context) => {
  const session = program.command('session').description('list and end the sessions of users');
  for (const add of [addSessionList, addSessionEnd]) add(session, context);
};
