import { withApi } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { addSecretOptions, type Secret, type SecretOptions } from './secret.ts';

/** `secret disable` and `secret enable`. */
const addSwitch =
  (verb: 'disable' | 'enable', description: string): InstallCommands =>
  (secret, context) => {
    addSecretOptions(secret.command(verb).description(description), context)
      .addHelpText('after', `\nExample:\n  $ chatelaine secret ${verb} warehouse`)
      .action(async (name: string, options: SecretOptions) => {
        const { at } = await import('../api/client.ts');
        const path = `${at`/secrets/${options.namespace}/${name}`}/${verb}`;
        const changed = await withApi(context, options, (api) => api.post<Secret>(path));
        const text = `The secret \`${changed.namespace}/${changed.name}\` is ${verb}d.\n`;
        context.stdout.write(options.json === true ? jsonLine(changed) : text);
      });
  };

export const addSecretDisable = addSwitch('disable', 'take a secret out of use, without deleting it');
export const addSecretEnable = addSwitch('enable', 'put a disabled secret back into use');

export const addSecretDelete: InstallCommands = (secret, context) => {
  addSecretOptions(secret.command('delete').description('delete a secret and its values for good'), context)
    .addHelpText('after', '\nExample:\n  $ chatelaine secret delete warehouse')
    .action(async (name: string, options: SecretOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/secrets/${options.namespace}/${name}`;
      await withApi(context, options, async (api) => {
        const { etag } = await api.ask<Secret>({ method: 'GET', path });
        await api.ask({ method: 'DELETE', path, headers: { 'if-match': etag ?? '*' } });
      });
      const { namespace } = options;
      const text = `The secret \`${namespace}/${name}\` and its values are gone. What knew them still does: replace them where they came from.\n`;
      context.stdout.write(options.json === true ? jsonLine({ namespace, name, deleted: true }) : text);
    });
};
