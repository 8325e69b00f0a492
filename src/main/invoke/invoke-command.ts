import { dataDirectoryOption, type DataDirectoryOptions, type InstallCommands } from '#cli';
import { addConfigurationOptions, type ConfigurationOptions } from '../configuration/configuration-options.ts';

export interface InvokeOptions extends ConfigurationOptions, DataDirectoryOptions {
  readonly scope?: readonly string[];
  readonly namespace?: string;
  readonly json?: true;
}

export const installInvoke: InstallCommands = (program, context) => {
  const command = program
    .command('invoke')
    .description('call one tool as the local user, through the same pipeline as every other door')
    .argument('<tool>', 'the name of the tool')
    .argument('[arguments]', 'its arguments as a JSON object', '{}')
    .option('--scope <scope>', 'a scope the local user carries (repeatable)', collect)
    .option('--namespace <name>', 'the namespace of the tool (default: default)')
    .option('--json', 'print the whole MCP result as one line of JSON')
    .addOption(dataDirectoryOption(context));
  addConfigurationOptions(command)
    .addHelpText(
      'after',
      `
Prints each item of the answer on a line; exits 1 when the tool failed.

Example:
  $ chatelaine invoke search_hotels '{"city": "Basel"}' --config tools.yaml`,
    )
    .action(async (tool: string, text: string, options: InvokeOptions) => {
      const { invoke } = await import('./invoke.ts');
      await invoke(tool, text, options, context);
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
