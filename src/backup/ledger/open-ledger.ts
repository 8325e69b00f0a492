import { existsSync } from 'node:fs';
import type { ServerSettings } from '#contract';
import type { Database } from '#db';
import { ChatelaineError, type Clock } from '#kernel';
import { knownLedgers, rememberLedger } from '../store/ledgers-store.ts';
import { FileLedger } from './file-ledger.ts';
import { ledgerFolder } from './ledger-folder.ts';
import { readLedgerId } from './read-ledger.ts';

export interface LedgerOptions {
  readonly settings: Pick<ServerSettings, 'ledger'>;
  readonly dataDirectory: string;
  readonly database: Pick<Database, 'db'>;
  readonly clock: Clock;
}

/**
 * The ledger of the configuration, as this state knows it. Where `ledger:` names a folder, that is most
 * often another volume, and what lies there while it is not mounted looks like a ledger that has yet to
 * begin: what is written into that one, no restore finds. So the state remembers the id of the first,
 * and the ledger refuses every entry while another one lies there, or none.
 *
 * Throws as `FileLedger.begin` does where there is no ledger yet that the state knows: then nothing was
 * ever configured here that worked.
 */
export async function openLedger(options: LedgerOptions): Promise<FileLedger> {
  const { settings, dataDirectory, database, clock } = options;
  const folder = ledgerFolder(settings, dataDirectory);
  if (settings.ledger === undefined) return new FileLedger(folder, clock);
  const known = await knownLedgers(database.db);
  return known.size > 0 ? new FileLedger(folder, clock, { known }) : await adoptLedger(options);
}

/** Takes the ledger of the configuration for one of this state, and begins it where there is none. Throws as `begin` does. */
export async function adoptLedger({ settings, dataDirectory, database, clock }: LedgerOptions): Promise<FileLedger> {
  const folder = ledgerFolder(settings, dataDirectory);
  const first = new FileLedger(folder, clock, settings.ledger === undefined ? {} : { mustExist: true });
  const { ledger } = await first.begin();
  await rememberLedger(database.db, ledger, clock.now());
  return new FileLedger(folder, clock, { known: await knownLedgers(database.db) });
}

/** What is wrong with where the ledger is; undefined when the next entry can be written. Writes nothing. */
export async function ledgerTrouble(options: LedgerOptions): Promise<string | undefined> {
  if (options.settings.ledger === undefined) return undefined;
  const known = await knownLedgers(options.database.db);
  const folder = options.settings.ledger;
  if (known.size === 0) return existsSync(folder) ? undefined : `the folder \`${folder}\` of the ledger is not there`;
  try {
    new FileLedger(folder, options.clock, { known }).check(readLedgerId(folder));
    return undefined;
  } catch (error) {
    if (error instanceof ChatelaineError) return error.message;
    throw error;
  }
}
