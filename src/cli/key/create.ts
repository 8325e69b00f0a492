import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import type { Key } from './key.ts';

interface CreateOptions extends ApiOptions {
  readonly agent: string;
  readonly role?: readonly string[];
  readonly scope?: readonly string[];
  readonly expires?: string;
  readonly namespace?: string;
  readonly label?: string;
  readonly json?: true;
}

/** What the API answers to `createKey`. */
interface Issued {
  readonly key: Key;
  readonly agent: { readonly name: string; readonly roles: readonly string[] };
  readonly agentIsNew: boolean;
  readonly secret: string;
}

export const addKeyCreate: InstallCommands = (key, context) => {
  const command = key
    .command('create')
    .description('make an API key, and its agent when there is none of that name')
    .requiredOption('--agent <name>', 'whose key it is')
    .option('--role <role>', 'role of a new agent: user (default), auditor, … (repeatable)', collect)
    .option('--scope <scope>', 'scope the key carries, for tools with scopesRequired (repeatable)', collect)
    .option('--expires <duration>', 'how long it counts, such as 12h or 90d (default: until revoked)')
    .option('--namespace <name>', 'namespace of the agent and the key (default: default)')
    .option('--label <text>', 'what it is for, for the list');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, agent, key')
    .addHelpText(
      'after',
      `
Examples:
  $ chatelaine key create --agent claude --role user
  $ chatelaine key create --agent booking-bot --scope write:flights --expires 90d --json`,
    )
    .action(async (options: CreateOptions) => {
      const [{ parseDuration }, { at }] = await Promise.all([import('#kernel'), import('../api/client.ts')]);
      const lifetimeMs = options.expires === undefined ? undefined : parseDuration(options.expires);
      if (options.expires !== undefined && lifetimeMs === undefined) {
        command.error(`error: option '--expires ${options.expires}' is not a duration such as 30m, 12h or 90d`);
      }
      const { agent, namespace = 'default', role, scope, label } = options;
      const issued = await withApi(context, { ...options, create: true }, (api) =>
        api.post<Issued>(at`/agents/${namespace}/${agent}/keys`, {
          ...(role !== undefined && { roles: role }),
          ...(scope !== undefined && { scopes: scope }),
          ...(lifetimeMs !== undefined && { expiresInSeconds: lifetimeMs / 1000 }),
          ...(label !== undefined && { label }),
        }),
      );
      context.stdout.write(
        options.json === true
          ? jsonLine({ id: issued.key.id, agent: issued.agent.name, key: issued.secret })
          : describeIssued(issued),
      );
    });
};

function describeIssued({ key, agent, agentIsNew, secret }: Issued): string {
  const scopes = key.scopes.length === 0 ? 'none' : key.scopes.join(', ');
  return `Key ${key.id} for the ${agentIsNew ? 'new ' : ''}agent \`${agent.name}\` in the namespace \`${key.namespace}\`:

  ${secret}

It is shown this once: Chatelaine keeps its digest alone. Send it as \`Authorization: Bearer chk_…\`.
Roles: ${agent.roles.join(', ')}. Scopes: ${scopes}. Expires: ${toSeconds(key.expiresAt) ?? 'never'}.
Take it back with \`chatelaine key revoke ${key.id}\`.
`;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
