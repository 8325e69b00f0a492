import { join } from 'node:path';
import type { ServerSettings } from '#contract';

/** The folder of the ledger: what `ledger:` says, else `ledger` in the data directory. */
export const ledgerFolder = (settings: Pick<ServerSettings, 'ledger'>, dataDirectory: string): string =>
  settings.ledger ?? join(dataDirectory, 'ledger');
