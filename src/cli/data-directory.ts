import { InvalidArgumentError, Option } from 'commander';
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

/**
 * Opens the identity services on a data directory for the length of `work`, beside a server that may
 * be running on it. Only commands that make something pass `create`: a mistyped directory must not
 * come into being by being listed.
 */
export async function withIdentity<Value>(
  context: CliContext,
  options: DataDirectoryOptions & { readonly create?: boolean },
  work: (identity: Identity) => Promise<Value>,
): Promise<Value> {
  const [{ openDatabase, stateFile }, { openIdentity }, { silentLogger }] = await Promise.all([
    import('#db'),
    import('#identity'),
    import('#kernel'),
  ]);
  const database = await openDatabase({
    file: stateFile(options.dataDir),
    clock: context.clock,
    mustExist: options.create !== true,
  });
  try {
    const identity = openIdentity({ database, clock: context.clock, log: silentLogger });
    const value = await work(identity);
    await identity.close();
    return value;
  } finally {
    await database.close();
  }
}
