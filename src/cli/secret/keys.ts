import { Option } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';

interface KeysOptions extends ApiOptions {
  readonly namespace: string;
  readonly json?: true;
}

interface WrapperUse {
  readonly wrapper: string;
  readonly version: string;
  readonly keys: number;
}

export const addSecretWrappers: InstallCommands = (secret, context) => {
  const command = secret
    .command('wrappers')
    .description('show how many data keys each wrapping key holds; one that holds none may go');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"wrappers": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine secret wrappers')
    .action(async (options: KeysOptions) => {
      const { items } = await withApi(context, options, (api) =>
        api.get<{ readonly items: readonly WrapperUse[] }>('/data-keys/wrappers'),
      );
      const rows = items.map(({ wrapper, version, keys }) => [wrapper, version, String(keys)]);
      const text = table(['WRAPPING KEY', 'VERSION', 'DATA KEYS'], rows);
      context.stdout.write(options.json === true ? jsonLine({ wrappers: items }) : text);
    });
};

export const addSecretRewrap: InstallCommands = (secret, context) => {
  const command = secret
    .command('rewrap')
    .description('bring every data key under the current wrapping key, while serving');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: rewrapped')
    .addHelpText('after', '\nExample:\n  $ chatelaine secret rewrap --config tools.yaml')
    .action(async (options: KeysOptions) => {
      const done = await withApi(context, options, (api) =>
        api.post<{ readonly rewrapped: number }>('/data-keys/rewrap'),
      );
      context.stdout.write(options.json === true ? jsonLine(done) : `${done.rewrapped} data keys were wrapped anew.\n`);
    });
};

export const addSecretRotateKey: InstallCommands = (secret, context) => {
  const command = secret
    .command('rotate-key')
    .description('give a namespace a new data key and seal its secrets again with it, while serving')
    .addOption(new Option('--namespace <name>', 'the namespace').default('default'));
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: namespace, sealedAgain')
    .addHelpText('after', '\nExample:\n  $ chatelaine secret rotate-key --namespace payments')
    .action(async (options: KeysOptions) => {
      const { at } = await import('../api/client.ts');
      const path = at`/data-keys/namespaces/${options.namespace}/rotate`;
      const done = await withApi(context, options, (api) =>
        api.post<{ readonly namespace: string; readonly sealedAgain: number }>(path),
      );
      const text = `The namespace \`${done.namespace}\` has a new data key; ${done.sealedAgain} texts were sealed again.\n`;
      context.stdout.write(options.json === true ? jsonLine(done) : text);
    });
};
