import { InvalidArgumentError, Option } from 'commander';
import type { RevocationLedger, ServerSettings } from '#contract';
import type { DatabasePlace } from '#db';
import type { Identity } from '#identity';
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
  const { database } = await serverSettings(context, options);
  const place = databasePlace(database, options.dataDir);
  return 'file' in place ? { ...place, mustExist: options.create !== true } : place;
}

/** `kind: server` of the command's `--config`, or what holds where nothing is said. */
export async function serverSettings(context: CliContext, options: DatabaseOptions): Promise<ServerSettings> {
  if (options.config !== undefined) return await readSettings(options.config, context);
  const { serverSchema } = await import('#contract');
  return serverSchema.parse({ kind: 'server' });
}

async function readSettings(path: string, context: CliContext): Promise<ServerSettings> {
  const [{ formatProblem, loadConfiguration, sourceTypes }, { readNamed }, { cliError }] = await Promise.all([
    import('#toolbox'),
    import('./config/read-named.ts'),
    import('./errors.ts'),
  ]);
  const inputs = await readNamed([path]);
  const loaded = inputs.ok ? loadConfiguration(inputs.value, { env: context.env, catalog: sourceTypes }) : inputs;
  if (loaded.ok) return loaded.value.configuration.server;
  const problems = loaded.error.map((problem) => formatProblem(problem)).join('\n\n');
  throw cliError('CONFIGURATION_UNUSABLE', `the configuration has problems:\n\n${problems}\n`);
}

/** The ledger that ends of things are written to, of the same data directory or configuration. */
export async function findLedger(context: CliContext, options: DatabaseOptions): Promise<RevocationLedger> {
  const [{ FileLedger, ledgerFolder }, settings] = await Promise.all([
    import('#backup'),
    serverSettings(context, options),
  ]);
  return new FileLedger(ledgerFolder(settings, options.dataDir), context.clock);
}

/**
 * Opens the identity services for the length of `work`, beside servers that may be running on the same
 * database.
 */
export async function withIdentity<Value>(
  context: CliContext,
  options: DatabaseOptions & { readonly create?: boolean },
  work: (identity: Identity) => Promise<Value>,
): Promise<Value> {
  const [{ openDatabase }, { openIdentity }, { silentLogger }, place, ledger] = await Promise.all([
    import('#db'),
    import('#identity'),
    import('#kernel'),
    findDatabase(context, options),
    findLedger(context, options),
  ]);
  const database = await openDatabase({ ...place, clock: context.clock });
  try {
    const identity = openIdentity({ database, clock: context.clock, log: silentLogger, ledger });
    const value = await work(identity);
    await identity.close();
    return value;
  } finally {
    await database.close();
  }
}
