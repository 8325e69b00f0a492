import type { Agent } from '#identity';
import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, withIdentity, type DatabaseOptions } from '../data-directory.ts';
import { isoMoment, jsonLine, table } from '../print.ts';

interface ListOptions extends DatabaseOptions {
  readonly namespace?: string;
  readonly json?: true;
}

export const addAgentList: InstallCommands = (agent, context) => {
  agent
    .command('list')
    .description('show every agent with its roles')
    .option('--namespace <name>', 'only agents of this namespace')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: {"agents": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine agent list --json')
    .action(async (options: ListOptions) => {
      const agents = await withIdentity(context, options, (identity) => identity.agents.list(options.namespace));
      context.stdout.write(options.json === true ? jsonLine({ agents: agents.map(toJson) }) : toText(agents));
    });
};

const toJson = (agent: Agent) => ({
  id: agent.id,
  name: agent.name,
  namespace: agent.namespace,
  type: agent.type,
  roles: agent.roles,
  responsibleUser: agent.responsibleUser,
  description: agent.description,
  createdAt: isoMoment(agent.createdAt),
  disabledAt: isoMoment(agent.disabledAt),
});

function toText(agents: readonly Agent[]): string {
  if (agents.length === 0)
    return 'There is no agent yet. `chatelaine key create --agent NAME` makes one with its key.\n';
  return table(
    ['NAME', 'NAMESPACE', 'TYPE', 'ROLES', 'STATE', 'CREATED'],
    agents.map((agent) => [
      agent.name,
      agent.namespace,
      agent.type,
      agent.roles.join(' '),
      agent.disabledAt === null ? 'enabled' : 'disabled',
      isoMoment(agent.createdAt),
    ]),
  );
}
