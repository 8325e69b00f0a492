/** The fields of a `duckdb` source. MCP Toolbox has no such source; the names follow its `sqlite`. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { size } from '#contract';

export const duckdbSchema = z.strictObject({
  database: z
    .string()
    .min(1, { error: 'the path of the database is empty' })
    .describe('Path of the database file, from the folder of this configuration file; or `:memory:`.'),
  readOnly: z.boolean().default(false).describe('The file is opened for reading only; DuckDB refuses every write.'),
  externalAccess: z
    .boolean()
    .default(false)
    .describe(
      'Lets statements read and write files and URLs (`read_parquet`, `COPY`). Whoever can write SQL then reads what the server can read.',
    ),
  memoryLimit: size
    .default(1024 ** 3)
    .describe('Memory for data; beyond it DuckDB spills into a folder beside the file.'),
  threads: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe('Threads that one statement may use; all cores but one, and four at most, where this is absent.'),
  concurrency: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('How many statements may run at once. Each occupies one of the four threads of Node’s own pool.'),
});

export type DuckdbConfig = z.output<typeof duckdbSchema>;

/** How a database file is to be open. Sources that agree on it share the open file. */
export interface OpenOptions {
  /** Absolute, or `:memory:`. */
  readonly path: string;
  readonly writable: boolean;
  readonly concurrency: number;
  /** DuckDB's own settings (https://duckdb.org/docs/stable/configuration/overview), fixed for good. */
  readonly settings: Readonly<Record<string, string>>;
}

export function openOptions(config: DuckdbConfig, path: string): OpenOptions {
  return {
    path,
    writable: !config.readOnly,
    concurrency: config.concurrency,
    settings: {
      memory_limit: `${config.memoryLimit}B`,
      threads: String(config.threads ?? Math.max(1, Math.min(4, availableParallelism() - 1))),
      enable_external_access: String(config.externalAccess),
      // An extension is native code in this process: none is fetched because a statement names it.
      autoinstall_known_extensions: 'false',
      allow_community_extensions: 'false',
      // What exceeds memory spills next to the file; without one it would into the working directory.
      ...(path === ':memory:' ? { max_temp_directory_size: '0B' } : {}),
      // After this no SET changes anything, for anybody.
      lock_configuration: 'true',
    },
  };
}
