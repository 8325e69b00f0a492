import type { ApiKey, KeyState } from '#identity';
import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, withIdentity, type DatabaseOptions } from '../data-directory.ts';
import { isoMoment, jsonLine, table } from '../print.ts';

interface ListOptions extends DatabaseOptions {
  readonly namespace?: string;
  readonly json?: true;
}

export const addKeyList: InstallCommands = (key, context) => {
  key
    .command('list')
    .description('show every key, without what would let somebody use it')
    .option('--namespace <name>', 'only keys of this namespace')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"keys": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine key list --data-dir /var/lib/chatelaine')
    .action(async (options: ListOptions) => {
      const keys = await withIdentity(context, options, (identity) => identity.keys.list(options.namespace));
      const { keyState } = await import('#identity');
      const listed = keys.map((one) => ({ key: one, state: keyState(one, context.clock.now()) }));
      context.stdout.write(options.json === true ? jsonLine({ keys: listed.map(toJson) }) : toText(listed));
    });
};

interface ListedKey {
  readonly key: ApiKey;
  readonly state: KeyState;
}

const toJson = ({ key, state }: ListedKey) => ({
  id: key.id,
  agent: key.agent,
  namespace: key.namespace,
  state,
  scopes: key.scopes,
  label: key.label,
  createdAt: isoMoment(key.createdAt),
  expiresAt: isoMoment(key.expiresAt),
  revokedAt: isoMoment(key.revokedAt),
  lastUsedAt: isoMoment(key.lastUsedAt),
});

function toText(listed: readonly ListedKey[]): string {
  if (listed.length === 0) return 'There is no key yet. Make one with `chatelaine key create --agent NAME`.\n';
  return table(
    ['ID', 'AGENT', 'NAMESPACE', 'STATE', 'SCOPES', 'EXPIRES', 'LAST USED', 'LABEL'],
    listed.map(({ key, state }) => [
      key.id,
      key.agent,
      key.namespace,
      state === 'disabled' ? 'agent disabled' : state,
      key.scopes.join(' ') || '-',
      isoMoment(key.expiresAt) ?? 'never',
      isoMoment(key.lastUsedAt) ?? 'never',
      key.label,
    ]),
  );
}
