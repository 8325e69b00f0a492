import { Option, type Command } from 'commander';

/** The options that say where the configuration is; the same for every command that loads one. */
export interface ConfigurationOptions {
  readonly config?: string;
  readonly configs?: string;
  readonly configFolder?: string;
  readonly prebuilt?: readonly string[];
  readonly quickstart?: true;
}

export function addConfigurationOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration, one YAML file (default: tools.yaml)')
    .option('--configs <files>', 'several files, separated by commas')
    .option('--config-folder <folder>', 'every .yaml and .yml file of a folder')
    .option(
      '--prebuilt <name>',
      'tools for a database from its environment variables: postgres, mysql, sqlite, duckdb, redis (repeatable)',
      collect,
    )
    .addOption(
      new Option('--quickstart', 'the example with real cities and countries, when no configuration is named'),
    );
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
