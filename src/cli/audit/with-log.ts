import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AuditStore, SigningKey, TrustedKeys } from '#audit';
import type { CliContext } from '../context.ts';
import { findDatabase, readServerSettings, type DatabaseOptions } from '../data-directory.ts';
import { cliError } from '../errors.ts';

/** The log as it lies. */
export interface OpenedLog {
  readonly store: AuditStore;
  readonly signingKey: SigningKey;
  readonly trustedKeys: TrustedKeys;
}

/**
 * Opens the log of a data directory for reading, beside whoever writes it: no chain is taken, nothing is
 * recorded. Throws `DATA_DIRECTORY_MISSING`.
 */
export async function withLog<Value>(
  context: CliContext,
  options: DatabaseOptions,
  work: (log: OpenedLog) => Promise<Value>,
): Promise<Value> {
  const root = join(resolve(options.dataDir), 'audit');
  // Opening would make an empty one, with a key of its own, and find nothing wrong with it.
  if (!existsSync(root)) throw cliError('DATA_DIRECTORY_MISSING', `there is no audit log at \`${root}\``);
  const [{ openAuditStore }, { openDatabase }] = await Promise.all([import('#audit'), import('#db')]);
  const { database: settings } = await readServerSettings(options.config, context);
  const inDatabase = settings.type === 'postgres';
  const database = inDatabase
    ? await openDatabase({ ...(await findDatabase(context, options)), clock: context.clock })
    : undefined;
  try {
    const log = await openAuditStore({
      root,
      clock: context.clock,
      ...(database !== undefined && { storage: { settings, database } }),
    });
    try {
      return await work(log);
    } finally {
      await log.store.close();
    }
  } finally {
    await database?.close();
  }
}
