import type { IssuedKey } from '#identity';
import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, withIdentity, type DatabaseOptions } from '../data-directory.ts';
import { isoMoment, jsonLine } from '../print.ts';

interface CreateOptions extends DatabaseOptions {
  readonly agent: string;
  readonly role?: readonly string[];
  readonly scope?: readonly string[];
  readonly expires?: string;
  readonly namespace?: string;
  readonly label?: string;
  readonly json?: true;
}

export const addKeyCreate: InstallCommands = (key, context) => {
  key
    .command('create')
    .description('make an API key, and its agent when there is none of that name')
    .requiredOption('--agent <name>', 'whose key it is')
    .option('--role <role>', 'role of a new agent: user (default), auditor, … (repeatable)', collect)
    .option('--scope <scope>', 'scope the key carries, for tools with scopesRequired (repeatable)', collect)
    .option('--expires <duration>', 'how long it counts, such as 12h or 90d (default: until revoked)')
    .option('--namespace <name>', 'namespace of the agent and the key (default: default)')
    .option('--label <text>', 'what it is for, for the list')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: id, agent, key')
    .addHelpText(
      'after',
      `
Examples:
  $ chatelaine key create --agent claude --role user
  $ chatelaine key create --agent booking-bot --scope write:flights --expires 90d --json`,
    )
    .action(async (options: CreateOptions, command) => {
      const { parseDuration, reveal } = await import('#kernel');
      const lifetimeMs = options.expires === undefined ? undefined : parseDuration(options.expires);
      if (options.expires !== undefined && lifetimeMs === undefined) {
        command.error(`error: option '--expires ${options.expires}' is not a duration such as 30m, 12h or 90d`);
      }
      const issued = await withIdentity(context, { ...options, create: true }, ({ keys }, by) =>
        keys.create(by, {
          agent: options.agent,
          namespace: options.namespace,
          roles: options.role,
          scopes: options.scope,
          lifetimeMs,
          label: options.label,
        }),
      );
      const key = reveal(issued.secret);
      context.stdout.write(
        options.json === true
          ? jsonLine({ id: issued.key.id, agent: issued.agent.name, key })
          : describeIssued(issued, key),
      );
    });
};

function describeIssued({ key, agent, agentIsNew }: IssuedKey, text: string): string {
  const scopes = key.scopes.length === 0 ? 'none' : key.scopes.join(', ');
  return `Key ${key.id} for the ${agentIsNew ? 'new ' : ''}agent \`${agent.name}\` in the namespace \`${key.namespace}\`:

  ${text}

It is shown this once: Chatelaine keeps its digest alone. Send it as \`Authorization: Bearer chk_…\`.
Roles: ${agent.roles.join(', ')}. Scopes: ${scopes}. Expires: ${isoMoment(key.expiresAt) ?? 'never'}.
Take it back with \`chatelaine key revoke ${key.id}\`.
`;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
