import { InvalidArgumentError, Option } from 'commander';
import type { Configuration, ServerSettings } from '#contract';
import type { DatabasePlace } from '#db';
import type { CliContext } from './context.ts';

const DEFAULT_DIRECTORY = './.chatelaine';

export interface DataDirectoryOptions {
  readonly dataDir: string;
}

/** `--data-dir DIR`, else `CHATELAINE_DATA_DIR`, else `./.chatelaine`. Set and empty is unset. */
export function dataDirectoryOption(context: CliContext): Option {
  return new Option('--data-dir <dir>', 'where Chatelaine keeps its state (or CHATELAINE_DATA_DIR)')
    .default(context.env['CHATELAINE_DATA_DIR'] || DEFAULT_DIRECTORY)
    .argParser((dir) => {
      if (dir === '') throw new InvalidArgumentError('It names no directory.');
      return dir;
    });
}

export interface DatabaseOptions extends DataDirectoryOptions {
  readonly config?: string;
}

/** `--config PATH` of commands that need nothing of a configuration but where the database is. */
export const databaseOption = (): Option =>
  new Option(
    '--config <path>',
    'the configuration, a file or a folder, whose `database:` is meant (default: SQLite in the data directory)',
  );

/**
 * The database that a command works on: the one of its `--config`, else the file of its data directory.
 * Only commands that make something pass `create`: a mistyped directory must not come into being by
 * being listed.
 */
export async function findDatabase(
  context: CliContext,
  options: DatabaseOptions & { readonly create?: boolean },
): Promise<DatabasePlace> {
  const { databasePlace } = await import('#db');
  const { database: settings } = await readServerSettings(options.config, context);
  const place = databasePlace(settings, options.dataDir);
  return 'file' in place ? { ...place, mustExist: options.create !== true } : place;
}

/** The `server` document of a configuration, or its defaults where none is named. Throws `CONFIGURATION_UNUSABLE`. */
export async function readServerSettings(
  path: string | undefined,
  context: Pick<CliContext, 'env'>,
): Promise<ServerSettings> {
  const configuration = await readConfiguration(path, context);
  return configuration?.server ?? (await import('#contract')).serverSchema.parse({ kind: 'server' });
}

/** A whole configuration; undefined where none is named. */
export async function readConfiguration(
  path: string | undefined,
  context: Pick<CliContext, 'env'>,
): Promise<Configuration | undefined> {
  if (path === undefined) return undefined;
  const [{ formatProblem, loadConfiguration, sourceTypes }, { readNamed }, { cliError }] = await Promise.all([
    import('#toolbox'),
    import('./config/read-named.ts'),
    import('./errors.ts'),
  ]);
  const inputs = await readNamed([path]);
  const loaded = inputs.ok ? loadConfiguration(inputs.value, { env: context.env, catalog: sourceTypes }) : inputs;
  if (loaded.ok) return loaded.value.configuration;
  const problems = loaded.error.map((problem) => formatProblem(problem)).join('\n\n');
  throw cliError('CONFIGURATION_UNUSABLE', `the configuration has problems:\n\n${problems}\n`);
}
