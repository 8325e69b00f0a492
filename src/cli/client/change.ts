import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import type { OAuthClient } from './client.ts';

interface ClientOptions extends ApiOptions {
  readonly json?: true;
}

export const addClientBlock: InstallCommands = addSwitch(
  'block',
  'refuse a client, however it became one; its token sessions end, and servers follow within a second',
);

export const addClientUnblock: InstallCommands = addSwitch(
  'unblock',
  'let a blocked client ask for tokens again; what ended stays ended',
);

function addSwitch(verb: 'block' | 'unblock', description: string): InstallCommands {
  return (client, context) => {
    const command = client.command(verb).description(description).argument('<id>', 'its client_id');
    addApiOptions(command, context)
      .option('--json', 'print one line of JSON: clientId, state, blockedAt')
      .addHelpText('after', `\nExample:\n  $ chatelaine client ${verb} https://app.example/client.json`)
      .action(async (clientId: string, options: ClientOptions) => {
        const changed = await withApi(context, options, (api) =>
          api.post<OAuthClient>(`/oauth-clients/${verb}`, { clientId }),
        );
        const blockedAt = toSeconds(changed.blockedAt);
        const said = blockedAt === null ? 'may ask for tokens' : `is blocked since ${blockedAt}`;
        context.stdout.write(
          options.json === true
            ? jsonLine({ clientId: changed.clientId, state: changed.state, blockedAt })
            : `The client \`${changed.clientId}\` ${said}.\n`,
        );
      });
  };
}

export const addClientEnd: InstallCommands = (client, context) => {
  const command = client
    .command('end')
    .description('end every token session of a client; it may ask again')
    .argument('<id>', 'its client_id');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: clientId, ended')
    .addHelpText('after', '\nExample:\n  $ chatelaine client end https://app.example/client.json')
    .action(async (clientId: string, options: ClientOptions) => {
      const { ended } = await withApi(context, options, (api) =>
        api.post<{ readonly ended: number }>('/token-sessions/end', { client: clientId }),
      );
      const text = `${ended} token sessions of \`${clientId}\` were ended.\n`;
      context.stdout.write(options.json === true ? jsonLine({ clientId, ended }) : text);
    });
};

export const addClientDelete: InstallCommands = (client, context) => {
  const command = client
    .command('delete')
    .description('delete a client that registered itself, with its tokens and what people allowed it')
    .argument('<id>', 'its client_id, `dyn_…`');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: clientId')
    .addHelpText('after', '\nExample:\n  $ chatelaine client delete dyn_06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (clientId: string, options: ClientOptions) => {
      const { at } = await import('../api/client.ts');
      await withApi(context, options, (api) => api.ask({ method: 'DELETE', path: at`/oauth-clients/${clientId}` }));
      const text = `The client \`${clientId}\` is deleted.\n`;
      context.stdout.write(options.json === true ? jsonLine({ clientId }) : text);
    });
};
