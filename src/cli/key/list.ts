import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import type { Key } from './key.ts';

interface ListOptions extends ApiOptions {
  readonly namespace?: string;
  readonly json?: true;
}

export const addKeyList: InstallCommands = (key, context) => {
  const command = key
    .command('list')
    .description('show every key, without what would let somebody use it')
    .option('--namespace <name>', 'only keys of this namespace');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"keys": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine key list --data-dir /var/lib/chatelaine')
    .action(async (options: ListOptions) => {
      const keys = await withApi(context, options, (api) => api.all<Key>('/keys', { namespace: options.namespace }));
      context.stdout.write(options.json === true ? jsonLine({ keys: keys.map(toJson) }) : toText(keys));
    });
};

const toJson = (key: Key) => ({
  id: key.id,
  agent: key.agent,
  namespace: key.namespace,
  state: key.state,
  scopes: key.scopes,
  label: key.label,
  createdAt: toSeconds(key.createdAt),
  expiresAt: toSeconds(key.expiresAt),
  revokedAt: toSeconds(key.revokedAt),
  lastUsedAt: toSeconds(key.lastUsedAt),
});

function toText(keys: readonly Key[]): string {
  if (keys.length === 0) return 'There is no key yet. Make one with `chatelaine key create --agent NAME`.\n';
  return table(
    ['ID', 'AGENT', 'NAMESPACE', 'STATE', 'SCOPES', 'EXPIRES', 'LAST USED', 'LABEL'],
    keys.map((key) => [
      key.id,
      key.agent,
      key.namespace,
      key.state === 'disabled' ? 'agent disabled' : key.state,
      key.scopes.join(' ') || '-',
      toSeconds(key.expiresAt) ?? 'never',
      toSeconds(key.lastUsedAt) ?? 'never',
      key.label,
    ]),
  );
}
