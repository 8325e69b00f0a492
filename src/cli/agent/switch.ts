import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import type { Agent } from './agent.ts';

interface AgentOptions extends ApiOptions {
  readonly namespace?: string;
  readonly json?: true;
}

/** `agent disable` and its opposite: the same change to the same row, one way and the other. */
export const addAgentDisable: InstallCommands = addSwitch(
  'disable',
  'refuse all keys of an agent, without revoking them; servers follow within a second',
);

export const addAgentEnable: InstallCommands = addSwitch('enable', 'let the keys of a disabled agent count again');

function addSwitch(verb: 'disable' | 'enable', description: string): InstallCommands {
  return (agent, context) => {
    const command = agent
      .command(verb)
      .description(description)
      .argument('<name>', 'the agent')
      .option('--namespace <name>', 'its namespace (default: default)');
    addApiOptions(command, context)
      .option('--json', 'print one line of JSON: id, name, disabledAt')
      .addHelpText('after', `\nExample:\n  $ chatelaine agent ${verb} booking-bot`)
      .action(async (name: string, options: AgentOptions) => {
        const { at } = await import('../api/client.ts');
        const { namespace = 'default' } = options;
        const changed = await withApi(context, options, (api) =>
          api.post<Agent>(`${at`/agents/${namespace}/${name}`}/${verb}`),
        );
        const disabledAt = toSeconds(changed.disabledAt);
        const state = disabledAt === null ? 'enabled' : `disabled since ${disabledAt}`;
        context.stdout.write(
          options.json === true
            ? jsonLine({ id: changed.id, name: changed.name, disabledAt })
            : `The agent \`${changed.name}\` is ${state}.\n`,
        );
      });
  };
}
