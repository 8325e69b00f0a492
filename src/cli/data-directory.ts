import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { DatabaseSettings } from '#contract';
import type { DatabasePlace } from '#db';
import type { Author, Identity } from '#identity';
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
  const settings = options.config === undefined ? SQLITE : await readSettings(options.config, context);
  const place = databasePlace(settings, options.dataDir);
  return 'file' in place ? { ...place, mustExist: options.create !== true } : place;
}

const SQLITE: DatabaseSettings = { type: 'sqlite' };

async function readSettings(path: string, context: CliContext): Promise<DatabaseSettings> {
  const [{ formatProblem, loadConfiguration, sourceTypes }, { readNamed }, { cliError }] = await Promise.all([
    import('#toolbox'),
    import('./config/read-named.ts'),
    import('./errors.ts'),
  ]);
  const inputs = await readNamed([path]);
  const loaded = inputs.ok ? loadConfiguration(inputs.value, { env: context.env, catalog: sourceTypes }) : inputs;
  if (loaded.ok) return loaded.value.configuration.server.database;
  const problems = loaded.error.map((problem) => formatProblem(problem)).join('\n\n');
  throw cliError('CONFIGURATION_UNUSABLE', `the configuration has problems:\n\n${problems}\n`);
}

/**
 * Opens the identity services for the length of `work`, beside servers that may be running on the same
 * database. `by` is the operator: what `work` changes is recorded as theirs, in the data directory.
 */
export async function withIdentity<Value>(
  context: CliContext,
  options: DatabaseOptions & { readonly create?: boolean },
  work: (identity: Identity, by: Author) => Promise<Value>,
): Promise<Value> {
  const [{ LateTrail, openAuditLog }, { openDatabase }, { openIdentity, operator }, { silentLogger }, place] =
    await Promise.all([
      import('#audit'),
      import('#db'),
      import('#identity'),
      import('#kernel'),
      findDatabase(context, options),
    ]);
  const { clock } = context;
  const root = join(options.dataDir, 'audit');
  const database = await openDatabase({ ...place, clock });
  const trail = new LateTrail(() => openAuditLog({ root, clock, logger: silentLogger }));
  try {
    const identity = openIdentity({ database, clock, log: silentLogger, trail });
    const value = await work(identity, operator());
    await identity.close();
    return value;
  } finally {
    await trail.close();
    await database.close();
  }
}
