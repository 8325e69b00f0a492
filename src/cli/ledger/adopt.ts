import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, type DatabaseOptions } from '../data-directory.ts';
import { jsonLine } from '../print.ts';

interface AdoptOptions extends DatabaseOptions {
  readonly json?: true;
}

export const addLedgerAdopt: InstallCommands = (ledger, context) => {
  ledger
    .command('adopt')
    .description('take the ledger that `ledger:` names for one of this installation, or begin it there')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: ledger, entries')
    .addHelpText(
      'after',
      `
For a ledger that was lost, and for a further host with one of its own. Servers take it when they are
started again. Make a backup at once: a restore of an older one asks for the ledger before.

Example:
  $ chatelaine ledger adopt --config server.yaml --data-dir /var/lib/chatelaine`,
    )
    .action(async (options: AdoptOptions) => {
      const { withLedger } = await import('./with-ledger.ts');
      const { ledger: id, seq: entries } = await withLedger(context, options, 'adopt', (ledger) => ledger.begin());
      context.stdout.write(
        options.json === true ? jsonLine({ ledger: id, entries }) : `The ledger ${id} with ${entries} entries.\n`,
      );
    });
};
