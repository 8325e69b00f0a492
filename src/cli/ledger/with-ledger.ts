import type { FileLedger } from '#backup';
import type { DatabasePlace } from '#db';
import type { CliContext } from '../context.ts';
import { findDatabase, readServerSettings, type DatabaseOptions } from '../data-directory.ts';

/**
 * Runs `work` with the ledger of the configuration: `open` takes it as the database knows it, `adopt`
 * makes the database know it. Throws as `openLedger` and `adoptLedger` do.
 */
export async function withLedger<Value>(
  context: CliContext,
  options: DatabaseOptions,
  how: 'open' | 'adopt',
  work: (ledger: FileLedger, place: DatabasePlace) => Promise<Value>,
): Promise<Value> {
  const [{ adoptLedger, FileLedger, ledgerFolder, openLedger }, { inspectMigrations, openDatabase }] =
    await Promise.all([import('#backup'), import('#db')]);
  const { clock } = context;
  const [settings, place] = await Promise.all([
    readServerSettings(options.config, context),
    findDatabase(context, options),
  ]);
  // Opening migrates, and whoever makes a backup before an upgrade must be able to; such a state knows no ledger.
  if (how === 'open' && (await inspectMigrations(place)).pending.length > 0) {
    const mustExist = settings.ledger !== undefined;
    return await work(new FileLedger(ledgerFolder(settings, options.dataDir), clock, { mustExist }), place);
  }
  const database = await openDatabase({ ...place, clock });
  try {
    const open = how === 'open' ? openLedger : adoptLedger;
    return await work(await open({ settings, dataDirectory: options.dataDir, database, clock }), place);
  } finally {
    await database.close();
  }
}
