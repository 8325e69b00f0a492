import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { addSecretOptions, describeSecrets, type Secret, type SecretOptions } from './secret.ts';

interface ListOptions extends ApiOptions {
  readonly namespace?: string;
  readonly json?: true;
}

export const addSecretList: InstallCommands = (secret, context) => {
  const command = secret
    .command('list')
    .description('show every secret, without its value')
    .option('--namespace <name>', 'only secrets of this namespace');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"secrets": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine secret list --namespace payments')
    .action(async (options: ListOptions) => {
      const { namespace } = options;
      const secrets = await withApi(context, options, (api) => api.all<Secret>('/secrets', { namespace }));
      const none = 'There is no secret yet. `chatelaine secret put NAME --kind KIND` keeps one.\n';
      const text = secrets.length === 0 ? none : describeSecrets(secrets);
      context.stdout.write(options.json === true ? jsonLine({ secrets }) : text);
    });
};

export const addSecretShow: InstallCommands = (secret, context) => {
  const command = secret.command('show').description('show what can be told of a secret: never its value');
  addSecretOptions(command, context)
    .addHelpText('after', '\nExample:\n  $ chatelaine secret show warehouse')
    .action(async (name: string, options: SecretOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/secrets/${options.namespace}/${name}`;
      const shown = await withApi(context, options, (api) => api.get<Secret>(path));
      context.stdout.write(options.json === true ? jsonLine(shown) : describeSecrets([shown]));
    });
};
