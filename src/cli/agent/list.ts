import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import type { Agent } from './agent.ts';

interface ListOptions extends ApiOptions {
  readonly namespace?: string;
  readonly json?: true;
}

export const addAgentList: InstallCommands = (agent, context) => {
  const command = agent
    .command('list')
    .description('show every agent with its roles')
    .option('--namespace <name>', 'only agents of this namespace');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"agents": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine agent list --json')
    .action(async (options: ListOptions) => {
      const { namespace } = options;
      const agents = await withApi(context, options, (api) => api.all<Agent>('/agents', { namespace }));
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
  createdAt: toSeconds(agent.createdAt),
  disabledAt: toSeconds(agent.disabledAt),
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
      toSeconds(agent.createdAt),
    ]),
  );
}
