import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { OAuthClient } from './client.ts';

interface ClientOptions extends ApiOptions {
  readonly json?: true;
}

export const addClientList: InstallCommands = (client, context) => {
  const command = client.command('list').description('show every OAuth client, and how many token sessions it has');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"clients": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine client list --server https://tools.example.com')
    .action(async (options: ClientOptions) => {
      const { describeClients } = await import('./client.ts');
      const clients = await withApi(context, options, (api) => api.all<OAuthClient>('/oauth-clients'));
      context.stdout.write(options.json === true ? jsonLine({ clients }) : describeClients(clients));
    });
};

export const addClientShow: InstallCommands = (client, context) => {
  const command = client
    .command('show')
    .description('show an OAuth client, with where codes are sent')
    .argument('<id>', 'its client_id');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: the client')
    .addHelpText('after', '\nExample:\n  $ chatelaine client show https://app.example/client.json')
    .action(async (id: string, options: ClientOptions) => {
      const [{ at }, { describeClients }] = await Promise.all([import('../api/client.ts'), import('./client.ts')]);
      const found = await withApi(context, options, (api) => api.get<OAuthClient>(at`/oauth-clients/${id}`));
      if (options.json === true) return void context.stdout.write(jsonLine(found));
      const lines = [
        ...found.redirectUris.map((uri) => `Codes go to  ${uri}`),
        `Grants       ${found.grants.join(' ') || '-'}`,
        `Proves by    ${found.authMethod ?? '-'}`,
      ];
      context.stdout.write(`${describeClients([found])}${lines.join('\n')}\n`);
    });
};
