/** The fields of a `sqlite` source: MCP Toolbox's `database`, and ours beside it. */
import { z } from 'zod';
import { duration } from '#contract';

/** A duration of at most a minute: SQLite waits by sleeping, in a process that others would use. */
const lockWait = duration.refine((ms) => ms <= 60_000, {
  error: 'SQLite waits for a lock for a minute at most (`1m`)',
});

export const sqliteSchema = z.strictObject({
  database: z
    .string()
    .min(1, { error: 'the path of the database is empty' })
    .refine((path) => !path.startsWith('file:'), {
      error: 'a `file:` URI is not read; write the path itself, and `readOnly: true` for `mode=ro`',
    })
    .describe('Path of the database file, from the folder of this configuration file; or `:memory:`.'),
  readOnly: z.boolean().default(false).describe('The file is opened for reading only; SQLite refuses every write.'),
  busyTimeout: lockWait.default(5000).describe('How long a statement waits while another one writes, `1m` at most.'),
  processes: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('How many statements that are not plain lookups may run at once, each in a process of its own.'),
});

export type SqliteConfig = z.output<typeof sqliteSchema>;
