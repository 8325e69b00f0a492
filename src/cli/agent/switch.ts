import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, withIdentity, type DatabaseOptions } from '../data-directory.ts';
import { isoMoment, jsonLine } from '../print.ts';

interface AgentOptions extends DatabaseOptions {
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
    agent
      .command(verb)
      .description(description)
      .argument('<name>', 'the agent')
      .option('--namespace <name>', 'its namespace (default: default)')
      .addOption(databaseOption())
      .addOption(dataDirectoryOption(context))
      .option('--json', 'print one line of JSON: id, name, disabledAt')
      .addHelpText('after', `\nExample:\n  $ chatelaine agent ${verb} booking-bot`)
      .action(async (name: string, options: AgentOptions) => {
        const changed = await withIdentity(context, options, ({ agents }, by) =>
          agents[verb](by, name, options.namespace),
        );
        const disabledAt = isoMoment(changed.disabledAt);
        const state = disabledAt === null ? 'enabled' : `disabled since ${disabledAt}`;
        context.stdout.write(
          options.json === true
            ? jsonLine({ id: changed.id, name: changed.name, disabledAt })
            : `The agent \`${changed.name}\` is ${state}.\n`,
        );
      });
  };
}
