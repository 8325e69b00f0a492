import { InvalidArgumentError, Option } from 'commander';
import { dataDirectoryOption, type DataDirectoryOptions, type InstallCommands } from '#cli';
import type { LogLevel } from '#kernel';
import { addConfigurationOptions, type ConfigurationOptions } from '../configuration/configuration-options.ts';

export interface ServeOptions extends ConfigurationOptions, DataDirectoryOptions {
  readonly host?: string;
  readonly port?: number;
  readonly stdio?: true;
  readonly scope?: readonly string[];
  readonly toolset?: string;
  readonly namespace?: string;
  readonly reload: boolean;
  readonly pollInterval?: number;
  readonly hostKeys?: string;
  readonly logLevel?: LogLevel;
}

export const installServe: InstallCommands = (program, context) => {
  const command = program
    .command('serve')
    .description('serve the tools of a configuration over MCP and REST')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any free one (default: 7420)', wholeNumber)
    .option('--stdio', 'serve one client over standard input and output instead, as the local user')
    .option('--scope <scope>', 'with --stdio: a scope the local user carries (repeatable)', collect)
    .option('--toolset <name>', 'with --stdio: serve this toolset alone')
    .option('--namespace <name>', 'with --stdio: the namespace to serve (default: default)')
    .option('--no-reload', 'do not watch the configuration for changes')
    .option('--poll-interval <seconds>', 'look for changes every so often instead of watching', wholeNumber)
    .option('--host-keys <folder>', 'the keys that all hosts of one PostgreSQL have, for a data directory without')
    .addOption(
      new Option('--log-level <level>', 'the least severe level that is written (default: info)').choices(LOG_LEVELS),
    )
    .addOption(dataDirectoryOption(context));
  addConfigurationOptions(command)
    .addHelpText(
      'after',
      `
The answer of GET /readyz is 200 once tools are served. SIGTERM lets running calls end, then exits 0.

Examples:
  $ chatelaine serve --config tools.yaml
  $ chatelaine serve --prebuilt postgres --port 8080
  $ chatelaine serve --stdio --config tools.yaml --scope read:flights`,
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serve.ts');
      await serve(options, context);
    });
};

export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** A number on the command line, no larger than a port; throws commander's `InvalidArgumentError`. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65_535)
    throw new InvalidArgumentError('It is not a whole number from 0 to 65535.');
  return number;
}
